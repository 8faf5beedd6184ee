import { MEDIA } from "./boot.ts";

/** A chain of consecutive clusters. */
export interface Run {
	readonly cluster: number;
	readonly count: number;
}

/** A file allocation table up to its last non-zero entry (fatgen103, "FAT Data Structure"). */
export function fileAllocationTable(bits: 12 | 16 | 32, runs: readonly Run[]): Buffer {
	const last = runs.reduce((most, { cluster, count }) => Math.max(most, cluster + count - 1), 1);
	const table = Buffer.alloc(Math.ceil(((last + 1) * bits) / 8));
	// FAT32's upper four bits are reserved.
	const end = bits === 32 ? 0x0fff_ffff : 2 ** bits - 1;
	const set = setter(table, bits);
	set(0, end - 0xff + MEDIA);
	set(1, end);
	for (const { cluster, count } of runs) {
		for (let next = cluster + 1; next < cluster + count; next++) set(next - 1, next);
		set(cluster + count - 1, end);
	}
	return table;
}

function setter(table: Buffer, bits: 12 | 16 | 32): (index: number, value: number) => void {
	if (bits === 16) return (index, value) => table.writeUInt16LE(value, index * 2);
	if (bits === 32) return (index, value) => table.writeUInt32LE(value, index * 4);
	// Two entries in three bytes.
	return (index, value) => {
		const offset = index + (index >> 1);
		const shift = (index & 1) * 4;
		for (const [byte, part] of [(value << shift) & 0xff, (value << shift) >> 8].entries()) {
			table[offset + byte] = (table[offset + byte] ?? 0) | part;
		}
	};
}
