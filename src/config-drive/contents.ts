import type { MetadataTree } from "../documents/tree.ts";
import { GuestwireError } from "../errors.ts";
import { lazy } from "../lazy.ts";
import { quoted } from "../printable.ts";
import type { DriveFormat } from "./drive.ts";

/** A file or a folder of an image. */
export interface DriveEntry {
	/** Without leading slash. */
	readonly path: string;
	readonly kind: "file" | "folder";
	/** Bytes of a file; 0 for a folder. */
	readonly size: number;
	/** Permission bits. Only Rock Ridge has them: Joliet and VFAT don't. */
	readonly mode?: number;
}

/** The contents of an image: its listing, and its files as a tree. */
export interface DriveContents extends MetadataTree {
	readonly format: DriveFormat;
	/** Without trailing spaces. */
	readonly label: string;
	/** Each folder comes before its contents. */
	readonly entries: readonly DriveEntry[];
}

/** Bounds the cost of a listing, whatever an image contains. */
const MAX_ENTRIES = 100_000;
const MAX_PATH = 4096;
const MAX_FOLDERS_DEEP = 128;
/** The sum over all paths. Long folder names count once per file, so a small image can have a very long listing. */
const MAX_CHARACTERS = 2 ** 25;
/** The files of an ISO 9660 image may share their bytes: without a limit, a small image could fill a disk. */
const MAX_BYTES = 2 ** 30;

/** A terminal that shows a listing would interpret them. */
const CONTROL = /\p{Cc}/u;

/** The error for an image that is rejected. */
export function unreadable(what: string): GuestwireError {
	return new GuestwireError("drive", `the image can't be read: ${what}; use another image`);
}

/** The error for an image in which a file can't be replaced. */
export function unpatchable(what: string): GuestwireError {
	return new GuestwireError("drive", `the drive can't be patched: ${what}; use another image`);
}

/** Collects what a reader finds, and rejects what could harm whoever lists or extracts it. */
export interface Collector {
	/** Returns the folder's path, for its contents. */
	folder(parent: string, name: string, mode: number | undefined): string;
	/** @param read is called at most once, so that a file is the same object each time */
	file(parent: string, name: string, mode: number | undefined, size: number, read: () => Uint8Array): void;
	/** @param label as in the image, with padding */
	contents(format: DriveFormat, label: string): DriveContents;
}

export function collector(): Collector {
	const entries: DriveEntry[] = [];
	const readers = new Map<string, () => Uint8Array>();
	const seen = new Set<string>();
	let total = 0;
	let characters = 0;
	const add = (
		kind: DriveEntry["kind"],
		parent: string,
		name: string,
		size: number,
		mode: number | undefined,
	): string => {
		const path = parent === "" ? name : `${parent}/${name}`;
		checkName(path, name);
		characters += path.length;
		if (characters > MAX_CHARACTERS) throw unreadable(`its paths have more than ${MAX_CHARACTERS} characters in total`);
		if (seen.has(path)) throw unreadable(`${quoted(path)} occurs twice`);
		if (entries.length === MAX_ENTRIES) throw unreadable(`it has more than ${MAX_ENTRIES} files and folders`);
		seen.add(path);
		entries.push({ path, kind, size, ...(mode === undefined ? {} : { mode }) });
		return path;
	};
	return {
		folder: (parent, name, mode) => add("folder", parent, name, 0, mode),
		file: (parent, name, mode, size, read) => {
			total += size;
			if (total > MAX_BYTES) throw unreadable("its files have more than 1 GiB in total");
			readers.set(add("file", parent, name, size, mode), lazy(read));
		},
		contents(format, padded) {
			const label = padded.replace(/[ \0]+$/, "");
			if (CONTROL.test(label)) throw unreadable("its label has a control character");
			return { format, label, entries, paths: () => readers.keys(), read: (path) => readers.get(path)?.() };
		},
	};
}

function checkName(path: string, name: string): void {
	const where = quoted(path);
	if (name === "" || name === "." || name === "..") throw unreadable(`${where} refers to another folder`);
	// On Windows a backslash separates names.
	if (/[/\\]/.test(name) || CONTROL.test(name)) {
		throw unreadable(`${where} has a name with / \\ or a control character`);
	}
	if (!name.isWellFormed()) throw unreadable(`${where} has a name that is not valid Unicode`);
	if (path.length > MAX_PATH) throw unreadable(`${where.slice(0, 100)}… has more than ${MAX_PATH} characters`);
	if (path.split("/").length > MAX_FOLDERS_DEEP)
		throw unreadable(`${where.slice(0, 100)}… is more than ${MAX_FOLDERS_DEEP} folders deep`);
}

/** A part of the image. Throws if it lies beyond the end. */
export function part(image: Buffer, offset: number, length: number, what: string): Buffer {
	if (offset + length > image.length) throw unreadable(`${what} is beyond its end`);
	return image.subarray(offset, offset + length);
}
