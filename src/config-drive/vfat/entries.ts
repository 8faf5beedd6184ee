/** Directory entries of FAT, with long names (fatgen103, "FAT Directory Structure", "FAT Long Directory Entries"). */
import { ENTRY } from "./geometry.ts";

export const FOLDER = 0x10;
export const ARCHIVE = 0x20;
export const VOLUME_LABEL = 0x08;
/** The attributes of an entry with a part of a long name. */
export const LONG_NAME = 0x0f;
/** A flag in the sequence number of the last part of a long name, which comes first. */
export const LAST_PART = 0x40;
/** The offsets of the thirteen UTF-16 units of a part. */
export const UNIT_OFFSETS = [1, 3, 5, 7, 9, 14, 16, 18, 20, 22, 24, 28, 30] as const;

export interface FatEntry {
	/** Eleven characters. */
	readonly short: string;
	/** The real name, unless the short one is. */
	readonly long?: string;
	readonly attributes: number;
	/** The first cluster; 0 for an empty file, and in a `..` entry that refers to the root. */
	readonly cluster: number;
	/** Bytes; 0 for a folder. */
	readonly size: number;
}

/** The size in bytes of an entry with its long name. */
export function entryLength(long: string | undefined): number {
	return ENTRY * (1 + (long === undefined ? 0 : Math.ceil(long.length / UNIT_OFFSETS.length)));
}

/** Writes a directory. Times are in UTC: FAT has no time zones. */
export function writeEntries(target: Buffer, entries: readonly FatEntry[], date: Date): void {
	let offset = 0;
	for (const entry of entries) {
		const end = offset + entryLength(entry.long);
		if (entry.long !== undefined) writeLongName(target.subarray(offset, end - ENTRY), entry.long, entry.short);
		writeShort(target.subarray(end - ENTRY, end), entry, date);
		offset = end;
	}
}

function writeShort(target: Buffer, entry: FatEntry, date: Date): void {
	const time = (date.getUTCHours() << 11) | (date.getUTCMinutes() << 5) | (date.getUTCSeconds() >> 1);
	const day = ((date.getUTCFullYear() - 1980) << 9) | ((date.getUTCMonth() + 1) << 5) | date.getUTCDate();
	target.write(entry.short, "latin1");
	target[11] = entry.attributes;
	// Created, read, written.
	for (const offset of [14, 22]) target.writeUInt16LE(time, offset);
	for (const offset of [16, 18, 24]) target.writeUInt16LE(day, offset);
	target.writeUInt16LE(entry.cluster >>> 16, 20);
	target.writeUInt16LE(entry.cluster & 0xffff, 26);
	target.writeUInt32LE(entry.size, 28);
}

/** The last part comes first. A part is padded with one zero and then with ones. */
function writeLongName(target: Buffer, name: string, short: string): void {
	const parts = target.length / ENTRY;
	const check = checksum(Buffer.from(short, "latin1"));
	for (let part = 0; part < parts; part++) {
		const entry = target.subarray((parts - 1 - part) * ENTRY, (parts - part) * ENTRY);
		entry[0] = part + 1 + (part === parts - 1 ? LAST_PART : 0);
		entry[11] = LONG_NAME;
		entry[13] = check;
		for (const [index, offset] of UNIT_OFFSETS.entries()) {
			const position = part * UNIT_OFFSETS.length + index;
			const unit = position === name.length ? 0 : name.charCodeAt(position);
			entry.writeUInt16LE(position > name.length ? 0xffff : unit, offset);
		}
	}
}

/** Links a long name to its short name. */
export function checksum(short: Uint8Array): number {
	return short.reduce((sum, byte) => (((sum & 1) << 7) + (sum >> 1) + byte) & 0xff, 0);
}
