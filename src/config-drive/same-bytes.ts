import { crc32 } from "node:zlib";

/**
 * Finds arrays with equal bytes.
 *
 * @returns each array → the first array with the same bytes
 */
export function sameBytes(arrays: readonly Uint8Array[]): Map<Uint8Array, Uint8Array> {
	const lengths = new Map<number, number>();
	for (const { length } of arrays) lengths.set(length, (lengths.get(length) ?? 0) + 1);
	const first = new Map<Uint8Array, Uint8Array>();
	const byHash = new Map<string, Uint8Array[]>();
	for (const bytes of arrays) {
		if (first.has(bytes)) continue;
		// A file whose size is unique needs no hash: large files usually have a unique size.
		const alone = lengths.get(bytes.length) === 1;
		const key = alone ? `${bytes.length}` : `${bytes.length} ${crc32(bytes)}`;
		const known = byHash.get(key) ?? [];
		const twin = known.find((other) => Buffer.compare(other, bytes) === 0);
		first.set(bytes, twin ?? bytes);
		if (twin === undefined) byHash.set(key, [...known, bytes]);
	}
	return first;
}
