import { quoted } from "../../printable.ts";
import { type Collector, collector, type DriveContents, part, unreadable } from "../contents.ts";
import { type DirectoryRecord, FOLDER, NOT_LAST_EXTENT, recordsOf } from "./records.ts";
import { descriptorsOf, type Names, preferredNames } from "./volumes.ts";

/** POSIX's type bits of a mode, and the permission bits. */
const TYPE = 0o170_000;
const REGULAR = 0o100_000;
const DIRECTORY = 0o040_000;
const PERMISSIONS = 0o7777;

/** A name space that was read. */
export interface NameSpaceContents {
	readonly contents: DriveContents;
	/** Path → record of each file. */
	readonly files: ReadonlyMap<string, DirectoryRecord>;
}

/** Bytes that belong to a file or a folder. */
interface ByteRange {
	readonly start: number;
	readonly end: number;
	readonly path: string;
	readonly shareable: boolean;
}

/**
 * Lists an ISO 9660 image, with Rock Ridge names if it has them, else Joliet names, else plain names.
 *
 * @throws GuestwireError `drive`: broken, hostile, or with features that no config drive has (links, relocated folders,
 * files in several extents, compressed files)
 */
export function readIso9660(image: Buffer): DriveContents {
	const descriptors = descriptorsOf(image);
	return readNameSpace(image, descriptors, preferredNames(image, descriptors)).contents;
}

/** Reads one name space, and checks that nothing in it overlaps. */
export function readNameSpace(
	image: Buffer,
	{ primary, end }: { readonly primary: Buffer; readonly end: number },
	names: Names,
): NameSpaceContents {
	const found = collector();
	const files = new Map<string, DirectoryRecord>();
	const ranges: ByteRange[] = [{ start: 0, end, path: "", shareable: false }];
	const folders = [{ path: "", record: names.root }];
	let folderBytes = 0;
	for (const { path, record } of folders) {
		folderBytes += record.size;
		if (folderBytes > image.length) throw unreadable("its folders contain each other");
		ranges.push({ start: record.start, end: record.start + record.size, path, shareable: false });
		const extent = part(image, record.start, record.size, path === "" ? "the root" : quoted(path));
		for (const entry of recordsOf(extent)) {
			const { name, mode } = names.describe(entry);
			checkKind(entry, name, mode);
			const permissions = mode === undefined ? undefined : mode & PERMISSIONS;
			if ((entry.flags & FOLDER) !== 0) {
				folders.push({ path: found.folder(path, name, permissions), record: entry });
			} else {
				const range = addFile(image, found, path, name, permissions, entry);
				ranges.push(range);
				files.set(range.path, entry);
			}
		}
	}
	checkOverlaps(ranges);
	return { contents: found.contents("iso9660", primary.toString("latin1", 40, 72)), files };
}

function checkKind(record: DirectoryRecord, name: string, mode: number | undefined): void {
	const where = quoted(name);
	if ((record.flags & NOT_LAST_EXTENT) !== 0) throw unreadable(`${where} has several extents`);
	const type = (record.flags & FOLDER) !== 0 ? DIRECTORY : REGULAR;
	if (mode !== undefined && (mode & TYPE) !== type) throw unreadable(`${where} is neither a file nor a folder`);
}

function addFile(
	image: Buffer,
	found: Collector,
	parent: string,
	name: string,
	mode: number | undefined,
	{ start, size }: DirectoryRecord,
): ByteRange {
	const path = parent === "" ? name : `${parent}/${name}`;
	const bytes = size === 0 ? Buffer.alloc(0) : part(image, start, size, quoted(path));
	found.file(parent, name, mode, size, () => new Uint8Array(bytes.buffer, bytes.byteOffset, size));
	return { start, end: start + size, path, shareable: true };
}

/** Two files may share all their bytes, like hard links, but not some of them. */
function checkOverlaps(ranges: ByteRange[]): void {
	ranges.sort((a, b) => a.start - b.start || a.end - b.end);
	let last: ByteRange | undefined;
	for (const range of ranges) {
		if (range.start === range.end) continue;
		const shared = range.shareable && last?.shareable === true && range.start === last.start && range.end === last.end;
		if (last !== undefined && range.start < last.end && !shared) {
			throw unreadable(`${quoted(range.path)} and ${quoted(last.path)} overlap`);
		}
		last = range;
	}
}
