import fc from "fast-check";
import { expect, test } from "vitest";
import { memorySize } from "./memory-size.ts";
import { createSegmentedCache, type SegmentedCache } from "./segmented-cache.ts";

function set(maxBytes: number) {
	const kept = new Map<string, number>();
	const cache = createSegmentedCache<number>({
		maxBytes,
		sizeOf: (value) => value,
		onRemove: (value, key) => {
			if (kept.get(key) === value) kept.delete(key);
		},
	});
	return { cache, kept };
}

/** Asks for each key, and caches what is missing. Returns how many were there. */
function use(cache: SegmentedCache<number>, keys: Iterable<number>): number {
	let hits = 0;
	for (const key of keys) {
		if (cache.get(`${key}`) === undefined) cache.set(`${key}`, 1);
		else hits++;
	}
	return hits;
}
const range = (from: number, to: number) => Array.from({ length: to - from }, (_, at) => from + at);

test("a scan of any length evicts nothing that was used more than once", () => {
	const { cache } = set(100);
	use(cache, range(0, 50));
	use(cache, range(0, 50));
	use(cache, range(1000, 100_000));
	expect(use(cache, range(0, 50))).toBe(50);
});

test("a cycle through more items than fit keeps those that fit", () => {
	const { cache } = set(100);
	for (let round = 0; round < 5; round++) use(cache, range(0, 150));
	expect(use(cache, range(0, 150))).toBeGreaterThanOrEqual(80);
});

test("items in use replace items that are no longer used", () => {
	const { cache } = set(100);
	for (let round = 0; round < 3; round++) use(cache, range(0, 100));
	for (let at = 0; at < 80; at += 10) for (let round = 0; round < 2; round++) use(cache, range(1000 + at, 1010 + at));
	expect(use(cache, range(1000, 1080))).toBe(80);
});

test("of entries that each take most of the room, one that was used again is kept, and one that was not", () => {
	const { cache, kept } = set(100);
	for (const key of ["a", "b", "c", "d"]) {
		cache.set(key, 60);
		kept.set(key, 60);
		cache.get(key);
	}
	expect([...kept.keys()]).toEqual(["c", "d"]);
	expect(cache.keys().sort()).toEqual(["c", "d"]);
});

test("it is bounded, and reports every removal, in any sequence of calls", () => {
	const step = fc.record({
		key: fc.constantFrom("a", "b", "c", "d", "e", "f", "g"),
		call: fc.constantFrom("get", "set", "delete" as const),
		size: fc.integer({ min: 0, max: 60 }),
	});
	fc.assert(
		fc.property(fc.array(step, { maxLength: 100 }), (steps) => {
			const { cache, kept } = set(100);
			let number = 0;
			for (const { key, call, size } of steps) {
				if (call === "get") expect(cache.get(key)).toBe(kept.get(key));
				else if (call === "delete") cache.delete(key);
				else {
					// Different values, so that a late report of the replaced one shows.
					const value = size + number++ / 1000;
					cache.set(key, value);
					kept.set(key, value);
				}
				expect(cache.bytes).toBeLessThanOrEqual(100);
				expect(cache.keys().sort()).toEqual([...kept.keys()].sort());
				expect(cache.size).toBe(kept.size);
			}
		}),
	);
});

test("the size of plain data grows with what it contains", () => {
	expect(memorySize({ userData: "x".repeat(1000) })).toBeGreaterThan(1000);
	expect(memorySize({ body: new Uint8Array(1000) })).toBeGreaterThan(1000);
	expect(memorySize([[], {}, null, undefined, true, 1, ""])).toBeLessThan(300);
});
