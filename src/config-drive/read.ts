import { type DriveContents, unreadable } from "./contents.ts";
import { readIso9660 } from "./iso9660/reader.ts";
import { isIso9660 } from "./iso9660/volumes.ts";
import { readVfat } from "./vfat/reader.ts";
import { isVfat } from "./vfat/volume.ts";

/**
 * Lists an image of either format and any maker. Nothing in it is trusted: it rejects names that lead out of the
 * destination folder, cycles of folders, sizes beyond the end of the image, and bytes that belong to two files.
 *
 * @param image raw, see `decodeConfigDrive`. Files that are read from it share its memory
 * @throws GuestwireError `drive`: neither format, broken or hostile; the message says what and where
 */
export function readConfigDrive(image: Uint8Array): DriveContents {
	const buffer = Buffer.from(image.buffer, image.byteOffset, image.length);
	if (isIso9660(buffer)) return readIso9660(buffer);
	if (isVfat(buffer)) return readVfat(buffer);
	throw unreadable("it is neither ISO 9660 nor VFAT");
}
