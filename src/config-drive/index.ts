/**
 * Config drives: writes a metadata tree as a disk image labelled `config-2`, in memory, and reads such images. Equal
 * trees and options give equal images, on any machine.
 *
 * @example
 * const image = buildConfigDrive(tree, { format: "vfat", sizeMiB: 64, date: new Date(instance.server.created) });
 */
import type { MetadataTree } from "../documents/tree.ts";
import { GuestwireError } from "../errors.ts";
import { VERSION } from "../version.ts";
import { type ConfigDrive, type DriveFormat, type DriveLabel, driveBytes, LABEL, refusal } from "./drive.ts";
import { type DriveEncoding, encodedChunks, MAX_IRONIC_SIZE } from "./encoding.ts";
import { layoutIso9660 } from "./iso9660/writer.ts";
import { MIB } from "./vfat/geometry.ts";
import { layoutVfat } from "./vfat/writer.ts";

export type { DriveContents, DriveEntry } from "./contents.ts";
export type { DriveFormat, DriveLabel } from "./drive.ts";
export {
	type DriveEncoding,
	decodeConfigDrive,
	driveFileName,
	encodeConfigDrive,
	encodingOf,
	withinRequest,
} from "./encoding.ts";
export { filesNamed, patchConfigDrive } from "./patch.ts";
export { readConfigDrive } from "./read.ts";

/** The options of `buildConfigDrive` and `streamConfigDrive`. */
export interface ConfigDriveOptions {
	/** Default: `iso9660`, which every client reads, and some read exclusively. `vfat` is for live migration. */
	readonly format?: DriveFormat;
	/** The date of everything in the image, from 1980 to 2107. Default: 1980-01-01. */
	readonly date?: Date;
	/** Default: `config-2`. `cidata` is for a NoCloud seed. */
	readonly label?: DriveLabel;
	/** The size of a VFAT image in MiB: Nova's have 64. Default: enough for the content and 1 MiB more. */
	readonly sizeMiB?: number;
}

/** A drive whose layout is known and whose bytes are generated on demand. */
export interface ConfigDriveStream {
	/** The size of the image in bytes, before encoding: a multiple of 4096. */
	readonly imageSize: number;
	/**
	 * The encoded bytes, the same at each call, in chunks of at most 1 MiB. A chunk may be the tree's own memory: don't
	 * write to it. In addition to the tree, it uses some hundred bytes of memory per file.
	 *
	 * For a deploy request to Ironic that contains the drive, see `withinRequest`.
	 */
	chunks(): AsyncIterable<Uint8Array>;
}

const PUBLISHER = `OpenStack Guestwire ${VERSION}`;

/** FAT stores the year in seven bits, starting at 1980. */
const YEARS = [1980, 2107] as const;

/**
 * Builds the image of a drive.
 *
 * @throws GuestwireError `drive`: a path exceeds a limit of the format (the message names both), or an option is
 */
export function buildConfigDrive(tree: MetadataTree, options: ConfigDriveOptions = {}): Uint8Array {
	return driveBytes(layout(tree, options));
}

/**
 * Lays out a drive, and generates its bytes on demand.
 *
 * @param encoding `gzip-base64` is rejected for images over 64 MiB, because Ironic's agent rejects them
 * @throws GuestwireError as `buildConfigDrive`, before the first byte
 */
export function streamConfigDrive(
	tree: MetadataTree,
	options: ConfigDriveOptions = {},
	encoding: DriveEncoding = "raw",
): ConfigDriveStream {
	const drive = layout(tree, options);
	if (encoding === "gzip-base64" && drive.size > MAX_IRONIC_SIZE) {
		const mib = Math.ceil(drive.size / MIB);
		throw refusal(
			largest(tree),
			`Ironic accepts at most 64 MiB, but with this file, the largest, the image has ${mib}`,
		);
	}
	return { imageSize: drive.size, chunks: () => encodedChunks(drive, encoding) };
}

function layout(tree: MetadataTree, options: ConfigDriveOptions): ConfigDrive {
	const date = options.date ?? new Date(Date.UTC(YEARS[0], 0, 1));
	const year = date.getUTCFullYear();
	if (!(year >= YEARS[0] && year <= YEARS[1])) {
		const given = Number.isNaN(year) ? "an invalid date" : date.toISOString();
		throw new GuestwireError("drive", `the date of a config drive must be from ${YEARS.join(" to ")}, not ${given}`);
	}
	const { format = "iso9660", label = LABEL, sizeMiB } = options;
	if (format === "vfat") {
		return layoutVfat(tree, date, sizeMiB === undefined ? undefined : sizeInBytes(sizeMiB), label);
	}
	if (sizeMiB !== undefined) throw new GuestwireError("drive", "the size can be set for a VFAT drive only: omit it");
	return layoutIso9660(tree, date, PUBLISHER, label);
}

/** FAT stores the number of sectors (of 512 bytes) in 32 bits. */
function sizeInBytes(sizeMiB: number): number {
	if (!Number.isInteger(sizeMiB) || sizeMiB < 1 || sizeMiB >= 2 ** 21) {
		throw new GuestwireError(
			"drive",
			`the size of a VFAT drive must be a whole number from 1 to 2097151 MiB, not ${sizeMiB}`,
		);
	}
	return sizeMiB * MIB;
}

function largest(tree: MetadataTree): string {
	const size = (path: string) => tree.read(path)?.length ?? 0;
	const [first = "", ...others] = tree.paths();
	return others.reduce((most, path) => (size(path) > size(most) ? path : most), first);
}
