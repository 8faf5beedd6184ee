import fc from "fast-check";
import { expect, test } from "vitest";
import { splitToFit, toSearch } from "./query.ts";

const filters = (id: string) => [["device_id", id]] as const;
const id = fc.oneof(fc.uuid(), fc.string({ maxLength: 60 }), fc.string({ unit: "grapheme", maxLength: 20 }));

test("any values: all in order, every request line within eventlet's 8192 bytes, and no line shorter than necessary", () => {
	fc.assert(
		fc.property(fc.array(id, { maxLength: 800 }), fc.integer({ min: 1, max: 4000 }), (ids, taken) => {
			const lists = splitToFit(ids, filters, taken);
			expect(lists.flat()).toEqual(ids);
			const lineOf = (list: readonly string[]) =>
				"GET ".length + taken + toSearch(list.flatMap(filters)).length + " HTTP/1.1\r\n".length;
			for (const [at, list] of lists.entries()) {
				expect(lineOf(list)).toBeLessThanOrEqual(8192);
				const [next] = lists[at + 1] ?? [];
				if (next !== undefined) expect(lineOf([...list, next])).toBeGreaterThan(8000);
			}
		}),
	);
});

test("about 160 instances per call", () => {
	const ids = Array.from({ length: 1000 }, () => crypto.randomUUID());
	expect(splitToFit(ids, filters, "/v2.0/ports?".length)[0]?.length).toBeGreaterThan(160);
});

test("a query reads back as it was written", () => {
	const query = fc.array(fc.tuple(fc.string({ minLength: 1 }), fc.string({ unit: "grapheme" })));
	fc.assert(
		fc.property(query, (pairs) => {
			expect([...new URLSearchParams(toSearch(pairs))]).toEqual(pairs);
		}),
	);
});
