import { quoted } from "../printable.ts";
import { type DriveContents, unpatchable } from "./contents.ts";
import { patchIso9660 } from "./iso9660/patch.ts";
import { readConfigDrive } from "./read.ts";
import { sameBytes } from "./same-bytes.ts";
import { patchVfat } from "./vfat/patch.ts";

/**
 * Replaces files of an image of either format and any maker. Every other file keeps its bytes, and everything keeps its
 * name, mode, owner and times. What is replaced is overwritten. An ISO 9660 image grows if the new bytes do not fit where
 * the old ones were; a VFAT image keeps its size. The original is not changed.
 *
 * @param image raw, see `decodeConfigDrive`
 * @param replacements path → bytes. The image must have each of these files
 * @throws GuestwireError `drive`: as `readConfigDrive`; a file is missing or has no room; or the image has features
 * that would keep the old file (UDF, HFS, checksums of libisofs)
 */
export function patchConfigDrive(image: Uint8Array, replacements: ReadonlyMap<string, Uint8Array>): Uint8Array {
	const before = readConfigDrive(image);
	for (const path of replacements.keys()) {
		if (before.read(path) === undefined) throw unpatchable(`it has no file ${quoted(path)}`);
	}
	const buffer = Buffer.from(image.buffer, image.byteOffset, image.length);
	const first = sameBytes([...replacements.values()]);
	const shared = new Map(Array.from(replacements, ([path, bytes]) => [path, first.get(bytes) ?? bytes]));
	const patched = (before.format === "vfat" ? patchVfat : patchIso9660)(buffer, shared);
	checkPatched(before, readConfigDrive(patched), replacements);
	return patched;
}

/** The version folders, and the folder in which OpenStack's specification has a second `network_data.json`. */
const VERSION_FOLDERS = /^(openstack|ec2)\/(latest|[\d.-]+)(\/metadata)?$/;

/**
 * The files of a name: in every version folder of `openstack` and `ec2`, and at the top, where a NoCloud seed has them.
 *
 * @param name a name, or the path of one file
 */
export function filesNamed(contents: DriveContents, name: string): string[] {
	return [...contents.paths()].filter((path) => {
		if (path === name) return true;
		return !name.includes("/") && path.endsWith(`/${name}`) && VERSION_FOLDERS.test(path.slice(0, -name.length - 1));
	});
}

/** In a hostile image, parts that no reader needs could lie on top of others: then the result is not what it should be. */
function checkPatched(
	before: DriveContents,
	after: DriveContents,
	replacements: ReadonlyMap<string, Uint8Array>,
): void {
	const described = ({ entries, label }: DriveContents) =>
		JSON.stringify([label, entries.map(({ path, kind, mode }) => [path, kind, mode])]);
	const isSame = described(before) === described(after);
	const changed = [...before.paths()].find((path) => {
		const bytes = after.read(path);
		return bytes === undefined || Buffer.compare(bytes, replacements.get(path) ?? before.read(path) ?? bytes) !== 0;
	});
	if (!isSame || changed !== undefined) throw unpatchable("its parts overlap, so other files would change");
}
