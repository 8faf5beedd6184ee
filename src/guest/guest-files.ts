import type { NetworkData } from "../documents/network-data.ts";
import type { GuestFile } from "../documents/settings.ts";
import { type Format, render } from "./index.ts";

/**
 * What a tree carries for guests without an agent, to be used as its `guestFiles` setting: `network/apply.sh`, the
 * script of the target `iproute2`, and for each chosen format its files as the guest's root directory has them, below
 * `network/<format>/`. A carrier has no file modes: whoever copies a file looks after those that must be private.
 *
 * @example
 * const settings = { ...defaultSettings, guestFiles: (data) => guestFiles(data, ["netplan"]) };
 * // openstack/latest/network/apply.sh
 * // openstack/latest/network/netplan/etc/netplan/50-guestwire.yaml
 */
export function guestFiles(data: NetworkData, formats: readonly Format[]): GuestFile[] {
	return [
		...render("iproute2", data).files.map(({ text }) => guestFile("apply.sh", text)),
		...formats.flatMap((format) =>
			render(format, data).files.map(({ path, text }) => guestFile(`${format}/${path}`, text)),
		),
	];
}

function guestFile(path: string, text: string): GuestFile {
	return { path: `network/${path}`, bytes: Buffer.from(text) };
}
