import { roundUp } from "../drive.ts";
import type { DriveFile, DriveFolder } from "../folders.ts";
import { both16, both32, SECTOR } from "./fields.ts";
import type { SystemUse } from "./rock-ridge.ts";

/** A folder or file in one name space. */
interface Identity {
	readonly id: Buffer;
	readonly systemUse: SystemUse;
}

/** A directory record without the location of its node. */
export interface Entry extends Identity {
	readonly node: DriveFolder | DriveFile;
}

/** How one of the two name spaces (plain with Rock Ridge, or Joliet) writes a folder. */
export interface NameSpace {
	/** In any order. */
	entries(folder: DriveFolder): Entry[];
	/** The system use areas of the folder's records `.` and `..`. The root is its own parent. */
	relatives(folder: DriveFolder, parent: DriveFolder | undefined): readonly [SystemUse, SystemUse];
}

/** A folder in one name space. */
export interface Directory {
	readonly folder: DriveFolder;
	readonly id: Buffer;
	/** Undefined for the root. */
	readonly parent: Directory | undefined;
	/** From 1, in path table order. */
	readonly number: number;
	/** 1 for the root. */
	readonly level: number;
	/** The sum of the lengths of the identifiers of all folders in the path, plus one for each (ECMA-119, 6.8.2.1). */
	readonly pathLength: number;
	/** `.` and `..`, then the rest by identifier. */
	readonly entries: readonly Entry[];
	/** The offset of each entry in the extent. */
	readonly offsets: readonly number[];
	/** The size of the extent in bytes, in whole sectors. */
	readonly size: number;
}

/** An extent: its first sector and its size in bytes. */
export interface Extent {
	readonly sector: number;
	readonly size: number;
}

/** The system use area of Joliet's records. */
export const NOTHING: SystemUse = { area: Buffer.alloc(0) };

const SELF = Buffer.from([0]);
const PARENT = Buffer.from([1]);
const FOLDER_FLAG = 2;

/** The folders of a name space in the order of its path table: by level, parent and identifier (ECMA-119, 6.9.1). */
export function directoriesOf(root: DriveFolder, space: NameSpace): Directory[] {
	const directories: Directory[] = [];
	const add = (folder: DriveFolder, id: Buffer, parent: Directory | undefined) => {
		const [self, above] = space.relatives(folder, parent?.folder);
		const entries = [
			{ node: folder, id: SELF, systemUse: self },
			{ node: parent?.folder ?? folder, id: PARENT, systemUse: above },
			...space.entries(folder).sort((a, b) => Buffer.compare(a.id, b.id)),
		];
		const number = directories.length + 1;
		const level = (parent?.level ?? 0) + 1;
		const pathLength = parent === undefined ? 0 : parent.pathLength + id.length + 1;
		directories.push({ folder, id, parent, number, level, pathLength, entries, ...pack(entries) });
	};
	add(root, SELF, undefined);
	for (const directory of directories) {
		for (const { id, node } of directory.entries.slice(2)) if ("folders" in node) add(node, id, directory);
	}
	return directories;
}

/** The offsets of records. No record crosses the end of a sector (ECMA-119, 6.8.1.1). */
function pack(entries: readonly Entry[]): { offsets: number[]; size: number } {
	let end = 0;
	const offsets = entries.map((entry) => {
		const length = recordLength(entry);
		const offset = (end % SECTOR) + length > SECTOR ? roundUp(end, SECTOR) : end;
		end = offset + length;
		return offset;
	});
	return { offsets, size: roundUp(end, SECTOR) };
}

/** ECMA-119, 9.1: 33 bytes, the identifier, padding to an even length, the system use area, padding again. */
function recordLength({ id, systemUse }: Identity): number {
	return roundUp(roundUp(33 + id.length, 2) + systemUse.area.length, 2);
}

/** The extent of a directory. `date` is the seven-byte date of all records. */
export function writeDirectory(
	target: Buffer,
	directory: Directory,
	date: Buffer,
	extentOf: (node: DriveFolder | DriveFile) => Extent,
): void {
	directory.entries.forEach((entry, index) => {
		const flags = "folders" in entry.node ? FOLDER_FLAG : 0;
		writeRecord(target, directory.offsets[index] ?? 0, entry, extentOf(entry.node), date, flags);
	});
}

/** The root's record in a volume descriptor: without a system use area (ECMA-119, 8.4.18). */
export function writeRootRecord(target: Buffer, extent: Extent, date: Buffer): void {
	writeRecord(target, 0, { id: SELF, systemUse: NOTHING }, extent, date, FOLDER_FLAG);
}

/** ECMA-119, 9.1. */
function writeRecord(
	target: Buffer,
	offset: number,
	{ id, systemUse }: Identity,
	{ sector, size }: Extent,
	date: Buffer,
	flags: number,
): void {
	target[offset] = recordLength({ id, systemUse });
	both32(target, offset + 2, sector);
	both32(target, offset + 10, size);
	target.set(date, offset + 18);
	target[offset + 25] = flags;
	both16(target, offset + 28, 1);
	target[offset + 32] = id.length;
	target.set(id, offset + 33);
	target.set(systemUse.area, offset + roundUp(33 + id.length, 2));
}

/** Bytes of a path table (ECMA-119, 9.4). */
export function pathTableSize(directories: readonly Directory[]): number {
	return directories.reduce((sum, { id }) => sum + roundUp(8 + id.length, 2), 0);
}

/** Both forms of a path table: numbers with the low byte first in `little`, with the high byte first in `big`. */
export function writePathTables(
	little: Buffer,
	big: Buffer,
	directories: readonly Directory[],
	extentOf: (folder: DriveFolder) => Extent,
): void {
	let offset = 0;
	for (const { id, folder, parent } of directories) {
		const { sector } = extentOf(folder);
		for (const table of [little, big]) {
			table[offset] = id.length;
			table.set(id, offset + 8);
		}
		little.writeUInt32LE(sector, offset + 2);
		big.writeUInt32BE(sector, offset + 2);
		little.writeUInt16LE(parent?.number ?? 1, offset + 6);
		big.writeUInt16BE(parent?.number ?? 1, offset + 6);
		offset += roundUp(8 + id.length, 2);
	}
}
