import { type DriveEncoding, type DriveFormat, withinRequest } from "../config-drive/index.ts";
import { GuestwireError } from "../errors.ts";

/** The encoded drive; that of a deploy request has a limit, see `withinRequest`. */
export function forRequest(chunks: AsyncIterable<Uint8Array>, encoding: DriveEncoding): AsyncIterable<Uint8Array> {
	return encoding === "gzip-base64" ? withinRequest(chunks) : chunks;
}

/**
 * The encoding `gzip-base64` is for a deploy request. Ironic from 2025.2 on opens the drive in it as ISO 9660 and fails
 * the deployment otherwise.
 *
 * @throws GuestwireError `usage`
 */
export function checkByValue(format: DriveFormat, encoding: DriveEncoding): void {
	if (format !== "vfat" || encoding !== "gzip-base64") return;
	const what = "Ironic since 2025.2 fails a deployment with a VFAT drive in the request";
	throw new GuestwireError("usage", `${what}: use --format iso9660, or give Ironic a URL (--url)`);
}
