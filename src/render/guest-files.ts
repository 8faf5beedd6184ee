import type { NetworkData } from "../documents/network-data.ts";
import type { GuestFile } from "../documents/settings.ts";
import { FORMATS, type Format, render } from "./index.ts";
import { nocloudSeed, type ReadDocument } from "./nocloud.ts";

/** What `guestFiles` can put into a tree: every format, and a NoCloud seed. */
export const GUEST_FILES = [...FORMATS, "nocloud"] as const;
/** A name in `GUEST_FILES`. */
export type GuestFilesName = (typeof GUEST_FILES)[number];

/**
 * The files that a metadata tree carries for guests without an agent, for its `guestFiles` setting: the script of the
 * format `iproute2` as `network/apply.sh`, and the files of every other chosen format below `network/<format>/`, which
 * stands for the guest's root directory. `nocloud` is a seed for cloud-init, as `nocloud/meta-data` and so on. HTTP and the drive carry no file modes: whoever copies the files sets them.
 *
 * @example
 * const settings = { ...defaultSettings(key), guestFiles: (data) => guestFiles(data, ["netplan"]) };
 * // openstack/latest/network/apply.sh
 * // openstack/latest/network/netplan/etc/netplan/50-guestwire.yaml
 */
export function guestFiles(
	data: NetworkData,
	wanted: readonly GuestFilesName[],
	document: ReadDocument = () => undefined,
): GuestFile[] {
	const script = render("iproute2", data).files.map(({ text }) => guestFile("apply.sh", text));
	const formats = wanted.filter((name): name is Format => name !== "iproute2" && name !== "nocloud");
	const files = formats.flatMap((format) =>
		render(format, data).files.map(({ path, text }) => guestFile(`${format}/${path}`, text)),
	);
	return [...script, ...files, ...(wanted.includes("nocloud") ? seedFiles(data, document) : [])];
}

function seedFiles(data: NetworkData, document: ReadDocument): GuestFile[] {
	const [networkConfig] = render("cloud-init", data).files;
	return nocloudSeed(document, networkConfig?.text).map(({ path, bytes }) => ({ path: `nocloud/${path}`, bytes }));
}

function guestFile(path: string, text: string): GuestFile {
	return { path: `network/${path}`, bytes: Buffer.from(text) };
}
