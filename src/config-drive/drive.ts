import { GuestwireError } from "../errors.ts";
import { quoted } from "../printable.ts";

/** The file system of a drive. */
export type DriveFormat = "iso9660" | "vfat";

/** The volume label by which every client finds a config drive. Some accept it only in lower case. */
export const LABEL = "config-2";

/** The label by which cloud-init finds a NoCloud seed. */
export const NOCLOUD_LABEL = "cidata";

/** The labels that a drive can have. */
export type DriveLabel = typeof LABEL | typeof NOCLOUD_LABEL;

/** A part of an image that is not zero: `bytes` at `offset`. */
export interface ImagePart {
	readonly offset: number;
	readonly bytes: Uint8Array;
}

/** The layout of an image that is not written yet. The files' bytes are still those of the tree. */
export interface ConfigDrive {
	readonly format: DriveFormat;
	/** Bytes of the whole image: a multiple of 4096. */
	readonly size: number;
	/** Everything that is not zero, by ascending offset, without overlaps. */
	readonly parts: readonly ImagePart[];
}

/**
 * On storage with blocks of 4 KiB, QEMU rejects a read-only image whose size is not a multiple of them (kubevirt issue
 * 5785).
 */
export const ALIGNMENT = 4096;

/** `value` rounded up to a multiple of `unit`. Unlike `&`, correct beyond 2³¹. */
export function roundUp(value: number, unit: number): number {
	return Math.ceil(value / unit) * unit;
}

/** The error for a tree that a drive can't hold. `limit` names the rule and whose it is. */
export function refusal(path: string, limit: string): GuestwireError {
	return new GuestwireError("drive", `${quoted(path)} can't be put on a config drive: ${limit}`);
}

/** The maximum size of a chunk: it takes some milliseconds to hash or compress. */
const PIECE = 2 ** 20;
const ZEROS = new Uint8Array(2 ** 16);

/** The bytes of an image, in chunks. A chunk may be the tree's own memory: don't write to it. */
export function* driveChunks(drive: Pick<ConfigDrive, "parts" | "size">): Generator<Uint8Array, void> {
	let position = 0;
	for (const { offset, bytes } of drive.parts) {
		yield* zeros(offset - position);
		for (let start = 0; start < bytes.length; start += PIECE) yield bytes.subarray(start, start + PIECE);
		position = offset + bytes.length;
	}
	yield* zeros(drive.size - position);
}

function* zeros(length: number): Generator<Uint8Array, void> {
	for (let left = length; left > 0; left -= ZEROS.length) yield ZEROS.subarray(0, left);
}

/** The bytes of an image in one array. Pages that are zero are never touched. */
export function driveBytes(drive: ConfigDrive): Uint8Array {
	const image = new Uint8Array(drive.size);
	for (const { offset, bytes } of drive.parts) image.set(bytes, offset);
	return image;
}
