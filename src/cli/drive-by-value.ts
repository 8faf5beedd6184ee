import type { DriveEncoding, DriveFormat } from "../config-drive/index.ts";
import { GuestwireError } from "../errors.ts";

/**
 * The encoding `gzip-base64` is for a deploy request. Ironic from 2025.2 on opens the drive in it as ISO 9660 and fails
 * the deployment otherwise.
 *
 * @throws GuestwireError `usage`
 */
export function checkByValue(format: DriveFormat, encoding: DriveEncoding): void {
	if (format !== "vfat" || encoding !== "gzip-base64") return;
	const what = "Ironic from 2025.2 on fails the deployment with a VFAT drive in the request";
	throw new GuestwireError("usage", `${what}: use --format iso9660, or give Ironic a URL (--url)`);
}
