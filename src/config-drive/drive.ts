import { GuestwireError } from "../errors.ts";

export type DriveFormat = "iso9660" | "vfat";

/** The volume label by which every guest client finds a config drive; some take it only in lower case. */
export const LABEL = "config-2";

/** The part of an image that isn't zero: `bytes` stand at `offset`. */
export interface Placed {
	readonly offset: number;
	readonly bytes: Uint8Array;
}

/** An image laid out and not yet written: what stands where is decided, and the files' bytes are still the tree's. */
export interface ConfigDrive {
	readonly format: DriveFormat;
	/** Bytes of the whole image: a multiple of 4096. */
	readonly size: number;
	/** All that isn't zero, by ascending offset, without overlaps. */
	readonly placed: readonly Placed[];
}

/**
 * QEMU refuses a read-only image on storage with blocks of 4 KiB when its size is no multiple of them (kubevirt issue
 * 5785).
 */
export const ALIGNMENT = 4096;

/** The least multiple of `unit` that is not below `value`; unlike `&`, right beyond 2³¹ too. */
export function roundUp(value: number, unit: number): number {
	return Math.ceil(value / unit) * unit;
}

/** A path or name for a message: in quotes, with nothing in it that could drive a terminal. */
export function quoted(text: string): string {
	const escaped = (character: string) => `\\u00${character.charCodeAt(0).toString(16)}`;
	return JSON.stringify(text).replace(/[\u007f-\u009f]/g, escaped);
}

/** The error for a tree that a drive can't hold. `limit` says which rule, of whom. */
export function refusal(path: string, limit: string): GuestwireError {
	return new GuestwireError("drive", `${quoted(path)} can't be put on a config drive: ${limit}`);
}

/** Most bytes of a piece: some milliseconds to hash or to compress. */
const PIECE = 2 ** 20;
const ZEROS = new Uint8Array(2 ** 16);

/** An image's bytes, piece by piece. Pieces may be the tree's own memory: read-only. */
export function* driveChunks(drive: ConfigDrive): Generator<Uint8Array, void> {
	let position = 0;
	for (const { offset, bytes } of drive.placed) {
		yield* zeros(offset - position);
		for (let start = 0; start < bytes.length; start += PIECE) yield bytes.subarray(start, start + PIECE);
		position = offset + bytes.length;
	}
	yield* zeros(drive.size - position);
}

function* zeros(length: number): Generator<Uint8Array, void> {
	for (let left = length; left > 0; left -= ZEROS.length) yield ZEROS.subarray(0, left);
}

/** An image's bytes in one array. Pages that stay zero are never touched. */
export function driveBytes(drive: ConfigDrive): Uint8Array {
	const image = new Uint8Array(drive.size);
	for (const { offset, bytes } of drive.placed) image.set(bytes, offset);
	return image;
}
