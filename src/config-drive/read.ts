import { type DriveContents, unreadable } from "./contents.ts";
import { isIso9660, readIso9660 } from "./iso9660/reader.ts";
import { isVfat, readVfat } from "./vfat/reader.ts";

/**
 * Lists an image of either format, whoever made it. Nothing in it is trusted: names that would leave the folder they
 * are extracted to, folders in a circle, sizes beyond the image, bytes that belong to two things are refused.
 *
 * @param image raw: see `decodeConfigDrive`. The files read from it share its memory
 * @throws GuestwireError `drive`: not an image of either format, broken or hostile; the message says what and where
 */
export function readConfigDrive(image: Uint8Array): DriveContents {
	const buffer = Buffer.from(image.buffer, image.byteOffset, image.length);
	if (isIso9660(buffer)) return readIso9660(buffer);
	if (isVfat(buffer)) return readVfat(buffer);
	throw unreadable("it is neither ISO 9660 nor VFAT");
}
