import type { NetworkData } from "../documents/network-data.ts";
import type { GuestFile } from "../documents/settings.ts";
import { type Format, render } from "./index.ts";

/**
 * The files that a metadata tree carries for guests without an agent, for its `guestFiles` setting: the script of the
 * format `iproute2` as `network/apply.sh`, and the files of every other chosen format below `network/<format>/`, which
 * stands for the guest's root directory. HTTP and the drive carry no file modes: whoever copies the files sets them.
 *
 * @example
 * const settings = { ...defaultSettings(key), guestFiles: (data) => guestFiles(data, ["netplan"]) };
 * // openstack/latest/network/apply.sh
 * // openstack/latest/network/netplan/etc/netplan/50-guestwire.yaml
 */
export function guestFiles(data: NetworkData, formats: readonly Format[]): GuestFile[] {
	const script = render("iproute2", data).files.map(({ text }) => guestFile("apply.sh", text));
	const others = formats.filter((format) => format !== "iproute2");
	const files = others.flatMap((format) =>
		render(format, data).files.map(({ path, text }) => guestFile(`${format}/${path}`, text)),
	);
	return [...script, ...files];
}

function guestFile(path: string, text: string): GuestFile {
	return { path: `network/${path}`, bytes: Buffer.from(text) };
}
