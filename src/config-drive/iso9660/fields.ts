/** Numbers, dates and texts in ISO 9660. Section numbers are those of ECMA-119. */

export const SECTOR = 2048;

/** 7.3.3: in both byte orders, little-endian first. */
export function both32(target: Buffer, offset: number, value: number): void {
	target.writeUInt32LE(value, offset);
	target.writeUInt32BE(value, offset + 4);
}

/** 7.2.3 */
export function both16(target: Buffer, offset: number, value: number): void {
	target.writeUInt16LE(value, offset);
	target.writeUInt16BE(value, offset + 2);
}

/** 9.1.5: the seven bytes of a date in a directory record, in UTC. */
export function recordDate(date: Date): Buffer {
	return Buffer.from([
		date.getUTCFullYear() - 1900,
		date.getUTCMonth() + 1,
		date.getUTCDate(),
		date.getUTCHours(),
		date.getUTCMinutes(),
		date.getUTCSeconds(),
		0,
	]);
}

/** 8.4.26.1: the seventeen bytes of a date in a volume descriptor, in UTC; sixteen "0" and a zero for none. */
export function descriptorDate(date?: Date): Buffer {
	const digits = date === undefined ? "0".repeat(16) : `${date.toISOString().replace(/\D/g, "").slice(0, 14)}00`;
	return Buffer.from(`${digits}\0`);
}

/** Joliet's characters: UCS-2, big-endian. */
export function ucs2(text: string): Buffer {
	return Buffer.from(text, "utf16le").swap16();
}
