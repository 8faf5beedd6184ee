/** Reads directory entries of FAT (fatgen103, "FAT Directory Structure", "FAT Long Directory Entries"). */

import { quoted } from "../../printable.ts";
import { unreadable } from "../contents.ts";
import { checksum, LAST_PART, LONG_NAME, UNIT_OFFSETS, VOLUME_LABEL } from "./entries.ts";
import { ENTRY } from "./geometry.ts";

/** A short entry, with the name from the long entries before it. */
export interface FoundEntry {
	readonly name: string;
	readonly attributes: number;
	readonly cluster: number;
	/** Bytes. */
	readonly size: number;
	/** The short entry's own bytes in the image. */
	readonly raw: Buffer;
}

/** Special first bytes of an entry: the end of the entries, a deleted entry, and an escape for the byte 0xe5. */
const END = 0x00;
const DELETED = 0xe5;
const ESCAPED_E5 = 0x05;

/** Windows NT's flags in byte 12: the base or the extension of the short name is in lower case. */
const LOWER_BASE = 0x08;
const LOWER_EXTENSION = 0x10;

/** An incomplete long name: its parts, the last one first. */
interface LongName {
	readonly parts: string[];
	readonly checksum: number;
	/** The number of missing parts. */
	missing: number;
}

/**
 * The entries of a directory, without deleted ones, `.` and `..`.
 *
 * @param bits of a FAT entry: in FAT12 and FAT16 a cluster number has no upper half, and OS/2 stores other data there
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
				raw: entry,
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

/** The name with one more part; undefined if the part is out of sequence. */
function addPart(long: LongName | undefined, entry: Buffer): LongName | undefined {
	const number = (entry[0] ?? 0) & ~LAST_PART;
	const text = String.fromCharCode(...UNIT_OFFSETS.map((offset) => entry.readUInt16LE(offset)));
	if (((entry[0] ?? 0) & LAST_PART) !== 0) return { parts: [text], checksum: entry[13] ?? 0, missing: number - 1 };
	if (long === undefined || number !== long.missing || entry[13] !== long.checksum) return undefined;
	long.parts.push(text);
	long.missing--;
	return long;
}

/** The long name; undefined if parts are missing or belong to another short name. The short name applies then. */
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

/** Outside ASCII, the meaning of a short name depends on a code page that the image does not record. */
function ascii(bytes: Buffer): string {
	const text = bytes.toString("latin1");
	if (/[^\u0020-\u007e]/.test(text)) throw unreadable(`it has a short name that is not ASCII: ${quoted(text)}`);
	return text;
}
