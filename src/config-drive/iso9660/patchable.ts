import { unpatchable } from "../contents.ts";
import { SECTOR } from "./fields.ts";

/** Where the volume recognition sequence of UDF stands: from sector 16 on (ECMA-167, 2/8.2). */
const RECOGNITION = { first: 16, sectors: 64 } as const;
/** Where HFS and HFS+ have their volume header, and its signatures. */
const HFS = { offset: 1024, signature: /^(BD|H\+|HX)$/ } as const;

/** What libisofs writes at the start of a sector; it does not load an image that such a checksum contradicts. */
const CHECKSUM_TAGS = ["libisofs_sb_checksum_tag_v1", "libisofs_tree_checksum_tag_v1", "libisofs_checksum_tag_v1"];

/** @throws GuestwireError `drive`: the image has other descriptions of its files than those that can be patched */
export function checkPatchable(image: Buffer): void {
	for (let sector = RECOGNITION.first; sector < RECOGNITION.first + RECOGNITION.sectors; sector++) {
		if (/^NSR0[23]$/.test(image.toString("latin1", sector * SECTOR + 1, sector * SECTOR + 6))) {
			throw unpatchable("it also has a UDF file system, which would keep the old file");
		}
	}
	if (HFS.signature.test(image.toString("latin1", HFS.offset, HFS.offset + 2))) {
		throw unpatchable("it also has an HFS file system, which would keep the old file");
	}
	for (const tag of CHECKSUM_TAGS) {
		for (let at = image.indexOf(tag); at >= 0; at = image.indexOf(tag, at + 1)) {
			if (at % SECTOR === 0) throw unpatchable("it has checksums by libisofs: create it with xorriso -md5 off");
		}
	}
}
