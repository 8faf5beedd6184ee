/** Reads directory entries of FAT (fatgen103, "FAT Directory Structure", "FAT Long Directory Entries"). */

import { unreadable } from "../contents.ts";
import { quoted } from "../drive.ts";
import { checksum, LAST_PART, LONG_NAME, UNIT_OFFSETS, VOLUME_LABEL } from "./entries.ts";
import { ENTRY } from "./geometry.ts";

/** A short entry, under the name that the long ones before it give. */
export interface FoundEntry {
	readonly name: string;
	readonly attributes: number;
	readonly cluster: number;
	/** Bytes. */
	readonly size: number;
}

/** What the first byte of an entry can stand for: no more entries, a deleted one, the byte 0xe5 itself. */
const END = 0x00;
const DELETED = 0xe5;
const ESCAPED_E5 = 0x05;

/** Windows NT's flags in byte 12: a short name's base, its extension, is meant in lower case. */
const LOWER_BASE = 0x08;
const LOWER_EXTENSION = 0x10;

/** A long name under way: its parts, the last one first. */
interface LongName {
	readonly parts: string[];
	readonly checksum: number;
	/** Parts still to come. */
	missing: number;
}

/**
 * A directory's entries, without deleted ones, `.` and `..`.
 *
 * @param bits of a FAT entry: FAT12 and FAT16 have no upper half of a cluster's number, and OS/2 keeps something else there
 */
export function* entriesOf(pieces: readonly Buffer[], bits: 12 | 16 | 32): Generator<FoundEntry, void> {
	let long: LongName | undefined;
	for (const entry of rawEntries(pieces)) {
		if (entry[0] === DELETED) {
			long = undefined;
			continue;
		}
		const attributes = entry[11] ?? 0;
		if ((attributes & 0x3f) === LONG_NAME) {
			long = addPart(long, entry);
			continue;
		}
		const isLabel = (attributes & VOLUME_LABEL) !== 0;
		if (entry[0] !== 0x2e) {
			yield {
				name: isLabel ? entry.toString("latin1", 0, 11) : (longName(long, entry) ?? shortName(entry)),
				attributes,
				cluster: (bits === 32 ? entry.readUInt16LE(20) * 0x1_0000 : 0) + entry.readUInt16LE(26),
				size: entry.readUInt32LE(28),
			};
		}
		long = undefined;
	}
}

function* rawEntries(pieces: readonly Buffer[]): Generator<Buffer, void> {
	for (const piece of pieces) {
		for (let offset = 0; offset + ENTRY <= piece.length; offset += ENTRY) {
			const entry = piece.subarray(offset, offset + ENTRY);
			if (entry[0] === END) return;
			yield entry;
		}
	}
}

/** The name with one more part; undefined when the parts don't follow each other. */
function addPart(long: LongName | undefined, entry: Buffer): LongName | undefined {
	const number = (entry[0] ?? 0) & ~LAST_PART;
	const text = String.fromCharCode(...UNIT_OFFSETS.map((offset) => entry.readUInt16LE(offset)));
	if (((entry[0] ?? 0) & LAST_PART) !== 0) return { parts: [text], checksum: entry[13] ?? 0, missing: number - 1 };
	if (long === undefined || number !== long.missing || entry[13] !== long.checksum) return undefined;
	long.parts.push(text);
	long.missing--;
	return long;
}

/** Undefined when the parts aren't all there, or belong to another short name: the short one is the name then. */
function longName(long: LongName | undefined, entry: Buffer): string | undefined {
	if (long === undefined || long.missing !== 0 || long.checksum !== checksum(entry.subarray(0, 11))) return undefined;
	const [name = ""] = long.parts.reverse().join("").split("\0");
	return name;
}

function shortName(entry: Buffer): string {
	const flags = entry[12] ?? 0;
	const first = entry[0] === ESCAPED_E5 ? DELETED : (entry[0] ?? 0);
	const lowered = (text: string, flag: number) => ((flags & flag) === 0 ? text : text.toLowerCase());
	const base = lowered(ascii(Buffer.from([first, ...entry.subarray(1, 8)])).trimEnd(), LOWER_BASE);
	const extension = lowered(ascii(entry.subarray(8, 11)).trimEnd(), LOWER_EXTENSION);
	return extension === "" ? base : `${base}.${extension}`;
}

/** Beyond ASCII a short name means what the code page of its maker says, which nothing tells. */
function ascii(bytes: Buffer): string {
	const text = bytes.toString("latin1");
	if (/[^\u0020-\u007e]/.test(text)) throw unreadable(`a short name in it is not ASCII: ${quoted(text)}`);
	return text;
}
