/**
 * Config drives: a metadata tree as a disk image labelled `config-2`, made in memory, and such images read. Equal trees
 * and options make equal images, on any machine.
 *
 * @example
 * const image = buildConfigDrive(tree, { format: "vfat", sizeMiB: 64, date: new Date(instance.server.created) });
 */
import type { MetadataTree } from "../documents/tree.ts";
import { GuestwireError } from "../errors.ts";
import { VERSION } from "../version.ts";
import { type ConfigDrive, type DriveFormat, driveBytes, refusal } from "./drive.ts";
import { type DriveEncoding, encodedChunks, MAX_IRONIC_SIZE } from "./encoding.ts";
import { layoutIso9660 } from "./iso9660/writer.ts";
import { MIB } from "./vfat/geometry.ts";
import { layoutVfat } from "./vfat/writer.ts";

export type { DriveContents, DriveEntry } from "./contents.ts";
export type { DriveFormat } from "./drive.ts";
export { type DriveEncoding, decodeConfigDrive, driveExtension } from "./encoding.ts";
export { readConfigDrive } from "./read.ts";

export interface ConfigDriveOptions {
	/** `iso9660` by default: every client reads it, some read no other. `vfat` is for hypervisors that live-migrate. */
	readonly format?: DriveFormat;
	/** Date of everything in the image, from 1980 to 2107; 1980-01-01 by default. */
	readonly date?: Date;
	/** Whole MiB of a VFAT image: Nova's have 64. By default as many as the content and 1 MiB more need. */
	readonly sizeMiB?: number;
}

/** A drive laid out, its bytes not yet made. */
export interface ConfigDriveStream {
	/** Bytes of the image, before any encoding: a multiple of 4096. */
	readonly imageSize: number;
	/**
	 * The encoded bytes, the same at each call, in pieces of at most 1 MiB. They may be the tree's own memory:
	 * read-only. Beside the tree, some hundred bytes for each file are held.
	 */
	chunks(): AsyncIterable<Uint8Array>;
}

const PUBLISHER = `OpenStack Guestwire ${VERSION}`;

/** FAT counts years from 1980, in seven bits. */
const YEARS = [1980, 2107] as const;

/**
 * Makes a drive's image.
 *
 * @throws GuestwireError `drive`: a path is beyond a limit of the format (the message names both), or an option is
 */
export function buildConfigDrive(tree: MetadataTree, options: ConfigDriveOptions = {}): Uint8Array {
	return driveBytes(layout(tree, options));
}

/**
 * Lays a drive out and makes its bytes as they are asked for.
 *
 * @param encoding `gzip-base64` is refused for images over 64 MiB: Ironic takes none
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
		throw refusal(largest(tree), `Ironic takes at most 64 MiB, and the image, with this largest file, has ${mib}`);
	}
	return { imageSize: drive.size, chunks: () => encodedChunks(drive, encoding) };
}

function layout(tree: MetadataTree, options: ConfigDriveOptions): ConfigDrive {
	const date = options.date ?? new Date(Date.UTC(YEARS[0], 0, 1));
	const year = date.getUTCFullYear();
	if (!(year >= YEARS[0] && year <= YEARS[1])) {
		throw new GuestwireError("drive", `A config drive's date is from ${YEARS.join(" to ")}: ${date.getTime()} is not`);
	}
	const { format = "iso9660", sizeMiB } = options;
	if (format === "vfat") return layoutVfat(tree, date, sizeMiB === undefined ? undefined : sizeInBytes(sizeMiB));
	if (sizeMiB !== undefined) throw new GuestwireError("drive", "Only a VFAT drive has a size of its own: leave it out");
	return layoutIso9660(tree, date, PUBLISHER);
}

/** FAT counts sectors of 512 bytes in 32 bits. */
function sizeInBytes(sizeMiB: number): number {
	if (!Number.isInteger(sizeMiB) || sizeMiB < 1 || sizeMiB >= 2 ** 21) {
		throw new GuestwireError("drive", `A VFAT drive has from 1 to 2097151 whole MiB: ${sizeMiB} is none of them`);
	}
	return sizeMiB * MIB;
}

function largest(tree: MetadataTree): string {
	const size = (path: string) => tree.read(path)?.length ?? 0;
	const [first = "", ...others] = tree.paths();
	return others.reduce((most, path) => (size(path) > size(most) ? path : most), first);
}
