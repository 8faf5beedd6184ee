import { crc32 } from "node:zlib";

/** Bytes that are hashed, as drives may have gigabytes. Comparing two arrays ends at their first difference. */
const HASHED = 4096;

/**
 * Finds arrays with equal bytes.
 *
 * @returns each array → the first array with the same bytes
 */
export function sameBytes(arrays: readonly Uint8Array[]): Map<Uint8Array, Uint8Array> {
	const first = new Map<Uint8Array, Uint8Array>();
	const byHash = new Map<string, Uint8Array[]>();
	for (const bytes of arrays) {
		if (first.has(bytes)) continue;
		const key = `${bytes.length} ${crc32(bytes.subarray(0, HASHED))}`;
		const known = byHash.get(key) ?? [];
		const twin = known.find((other) => Buffer.compare(other, bytes) === 0);
		first.set(bytes, twin ?? bytes);
		if (twin === undefined) byHash.set(key, [...known, bytes]);
	}
	return first;
}
