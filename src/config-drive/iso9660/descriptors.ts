/** The volume descriptors, from sector 16 on (ECMA-119, 8). */
import { type Extent, writeRootRecord } from "./directories.ts";
import { both16, both32, descriptorDate, SECTOR, ucs2 } from "./fields.ts";

/** The descriptors start after the system area. */
export const FIRST_DESCRIPTOR = 16;
/** Primary, Joliet, and the terminator. */
export const DESCRIPTORS = 3;

/** The identifier of every descriptor, and their types (8.1). */
export const IDENTIFIER = "CD001";
export const PRIMARY = 1;
export const SUPPLEMENTARY = 2;
export const TERMINATOR = 255;

/** Joliet at UCS-2 level 3: any character. */
const JOLIET_ESCAPE = Buffer.from("%/E");

/** What a volume descriptor says about its name space. */
export interface VolumeDescriptor {
	readonly joliet: boolean;
	/** Of the whole image. */
	readonly sectors: number;
	/** Bytes. */
	readonly pathTableSize: number;
	/** First sectors. */
	readonly littlePathTable: number;
	readonly bigPathTable: number;
	readonly label: string;
	readonly publisher: string;
	readonly date: Date;
	/** The same date as in records. */
	readonly stamp: Buffer;
	readonly root: Extent;
}

/** ECMA-119, 8.4 and 8.5. */
export function writeVolumeDescriptor(target: Buffer, volume: VolumeDescriptor): void {
	const text = (value: string, offset: number, length: number) => {
		const padded = volume.joliet ? ucs2(value.padEnd(length >> 1)) : Buffer.from(value.padEnd(length), "latin1");
		target.set(padded, offset);
	};
	writeKind(target, volume.joliet ? SUPPLEMENTARY : PRIMARY);
	text("LINUX", 8, 32);
	text(volume.label, 40, 32);
	both32(target, 80, volume.sectors);
	if (volume.joliet) target.set(JOLIET_ESCAPE, 88);
	both16(target, 120, 1);
	both16(target, 124, 1);
	both16(target, 128, SECTOR);
	both32(target, 132, volume.pathTableSize);
	target.writeUInt32LE(volume.littlePathTable, 140);
	target.writeUInt32BE(volume.bigPathTable, 148);
	writeRootRecord(target.subarray(156, 190), volume.root, volume.stamp);
	text("", 190, 128);
	text(volume.publisher, 318, 128);
	text("", 446, 128);
	text("GUESTWIRE", 574, 128);
	for (const offset of [702, 739, 776]) text("", offset, 37);
	const date = descriptorDate(volume.date);
	// Creation, modification, no expiration, effective.
	for (const [index, value] of [date, date, descriptorDate(), date].entries()) target.set(value, 813 + 17 * index);
	target[881] = 1;
}

/** ECMA-119, 8.3: the end of the list. */
export function writeEndDescriptor(target: Buffer): void {
	writeKind(target, TERMINATOR);
}

function writeKind(target: Buffer, kind: number): void {
	target[0] = kind;
	target.write(IDENTIFIER, 1, "latin1");
	target[6] = 1;
}
