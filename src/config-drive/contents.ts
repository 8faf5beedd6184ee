import type { MetadataTree } from "../documents/tree.ts";
import { GuestwireError } from "../errors.ts";
import { type DriveFormat, quoted } from "./drive.ts";

/** A file or a folder of an image. */
export interface DriveEntry {
	/** Without leading slash. */
	readonly path: string;
	readonly kind: "file" | "folder";
	/** Bytes of a file; 0 for a folder. */
	readonly size: number;
	/** Permission bits, where the format has them: Rock Ridge does, Joliet and VFAT don't. */
	readonly mode?: number;
}

/** What is in an image: its listing, and its files as a tree. */
export interface DriveContents extends MetadataTree {
	readonly format: DriveFormat;
	/** Without the spaces at its end. */
	readonly label: string;
	/** Each folder before what is in it. */
	readonly entries: readonly DriveEntry[];
}

/** A listing may not cost more than this, whatever an image says. */
const MAX_ENTRIES = 100_000;
const MAX_PATH = 4096;
const MAX_FOLDERS_DEEP = 128;
/** Of all paths: long names of folders count once for each file in them, so that a small image has much to list. */
const MAX_CHARACTERS = 2 ** 25;
/** Files of an ISO 9660 image may share their bytes: a small image could fill a disk. */
const MAX_BYTES = 2 ** 30;

/** They could drive the terminal that shows a listing. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const CONTROL = /[\u0000-\u001f\u007f-\u009f]/;

/** Why an image isn't read. */
export function unreadable(what: string): GuestwireError {
	return new GuestwireError("drive", `The image can't be read: ${what}`);
}

/** Gathers what a reader finds, and refuses what could do harm to whoever lists or extracts it. */
export interface Collector {
	/** Gives the folder's path, for what is in it. */
	folder(parent: string, name: string, mode: number | undefined): string;
	file(parent: string, name: string, mode: number | undefined, size: number, read: () => Uint8Array): void;
	/** @param label as the image has it, with what fills it up */
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
		if (characters > MAX_CHARACTERS) throw unreadable(`its paths have over ${MAX_CHARACTERS} characters`);
		if (seen.has(path)) throw unreadable(`${quoted(path)} is there twice`);
		if (entries.length === MAX_ENTRIES) throw unreadable(`it has over ${MAX_ENTRIES} files and folders`);
		seen.add(path);
		entries.push({ path, kind, size, ...(mode === undefined ? {} : { mode }) });
		return path;
	};
	return {
		folder: (parent, name, mode) => add("folder", parent, name, 0, mode),
		file: (parent, name, mode, size, read) => {
			total += size;
			if (total > MAX_BYTES) throw unreadable("its files sum up to over 1 GiB");
			readers.set(add("file", parent, name, size, mode), read);
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
	if (name === "" || name === "." || name === "..") throw unreadable(`${where} would be another folder`);
	// A backslash parts names on Windows.
	if (/[/\\]/.test(name) || CONTROL.test(name)) {
		throw unreadable(`${where} has a name with / \\ or a control character`);
	}
	if (!name.isWellFormed()) throw unreadable(`${where} has a name that is no text`);
	if (path.length > MAX_PATH) throw unreadable(`${where.slice(0, 100)}… is over ${MAX_PATH} characters long`);
	if (path.split("/").length > MAX_FOLDERS_DEEP)
		throw unreadable(`${where.slice(0, 100)}… is over ${MAX_FOLDERS_DEEP} folders deep`);
}

/** A part of the image; throws where it has none. */
export function part(image: Buffer, offset: number, length: number, what: string): Buffer {
	if (offset + length > image.length) throw unreadable(`${what} is beyond its end`);
	return image.subarray(offset, offset + length);
}

/** Memo: `read` gives the same object at each call. */
export function once<Value extends object>(make: () => Value): () => Value {
	let value: Value | undefined;
	return () => {
		value ??= make();
		return value;
	};
}
