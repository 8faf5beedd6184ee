/** Reads directory records (ECMA-119, 9.1). */
import { part, unreadable } from "../contents.ts";
import { SECTOR } from "./fields.ts";

/** ECMA-119, 9.1.6: flags of a record. */
export const FOLDER = 2;
const ASSOCIATED = 4;
export const NOT_LAST_EXTENT = 0x80;

export interface DirectoryRecord {
	/** First byte, after extended attributes. */
	readonly start: number;
	/** Bytes. */
	readonly size: number;
	readonly flags: number;
	readonly id: Buffer;
	readonly systemUse: Buffer;
	/** The record's own bytes in the image. */
	readonly raw: Buffer;
}

/** A name without its version, and without the dot before an empty extension. */
export function plainName(identifier: string): string {
	return identifier.replace(/;\d*$/, "").replace(/\.$/, "");
}

export function rootRecord(descriptor: Buffer): DirectoryRecord {
	return parseRecord(descriptor.subarray(156, 190));
}

/** A folder's records, without `.`, `..` and associated files (Apple's resource forks). */
export function recordsOf(extent: Buffer): DirectoryRecord[] {
	const relative = ({ id }: DirectoryRecord) => id.length === 1 && (id[0] === 0 || id[0] === 1);
	return allRecords(extent).filter((record) => !relative(record) && (record.flags & ASSOCIATED) === 0);
}

/** A sector contains whole records, then zeros. */
export function allRecords(extent: Buffer): DirectoryRecord[] {
	const records: DirectoryRecord[] = [];
	for (let sector = 0; sector < extent.length; sector += SECTOR) {
		const bytes = extent.subarray(sector, sector + SECTOR);
		for (let offset = 0; offset < bytes.length && bytes[offset] !== 0; offset += bytes[offset] ?? 0) {
			records.push(parseRecord(part(bytes, offset, bytes[offset] ?? 0, "a directory record")));
		}
	}
	return records;
}

function parseRecord(record: Buffer): DirectoryRecord {
	const idLength = record[32] ?? 0;
	if (record.length < 34 || 33 + idLength > record.length || idLength === 0) {
		throw unreadable("it has a directory record that is too short");
	}
	const attributes = record[1] ?? 0;
	return {
		start: (record.readUInt32LE(2) + attributes) * SECTOR,
		size: record.readUInt32LE(10),
		flags: record[25] ?? 0,
		id: record.subarray(33, 33 + idLength),
		systemUse: record.subarray(33 + idLength + (1 - (idLength % 2))),
		raw: record,
	};
}
