import fc from "fast-check";
import { expect, test } from "vitest";
import { createSharedRoom } from "./shared-room.ts";

function part(room: ReturnType<typeof createSharedRoom>) {
	const kept = new Map<string, number>();
	const cache = room.part<number>({
		sizeOf: (value) => value,
		onRemove: (value, key) => {
			if (kept.get(key) === value) kept.delete(key);
		},
	});
	const set = (key: string, value: number) => {
		cache.set(key, value);
		kept.set(key, value);
	};
	return { cache, kept, set };
}

test("one part may use all of the room", () => {
	const room = createSharedRoom(100);
	const [first, second] = [part(room), part(room)];
	for (let at = 0; at < 100; at++) first.set(`${at}`, 1);
	expect(first.cache.keys()).toHaveLength(100);
	second.set("a", 1);
	expect([first.cache.size, second.cache.size]).toEqual([99, 1]);
});

test("no part sees another's entries, and all are bounded together, in any sequence of calls", () => {
	const step = fc.record({
		at: fc.constantFrom(0, 1),
		key: fc.constantFrom("a", "b", "c", "d"),
		call: fc.constantFrom("get", "set", "delete" as const),
		size: fc.integer({ min: 1, max: 18 }),
	});
	fc.assert(
		fc.property(fc.array(step, { maxLength: 100 }), (steps) => {
			const room = createSharedRoom(100);
			const parts = [part(room), part(room)] as const;
			let number = 0;
			for (const { at, key, call, size } of steps) {
				const { cache, kept, set } = parts[at as 0 | 1];
				if (call === "get") expect(cache.get(key)).toBe(kept.get(key));
				else if (call === "delete") cache.delete(key);
				// Different values, so that a late report of the replaced one shows.
				else set(key, size + number++ / 1000);
				for (const one of parts) {
					expect(one.cache.keys().sort()).toEqual([...one.kept.keys()].sort());
					expect(one.cache.size).toBe(one.kept.size);
				}
				const bytes = parts[0].cache.bytes + parts[1].cache.bytes;
				expect(bytes).toBeLessThanOrEqual(100);
				if (parts.every(({ kept: { size: left } }) => left === 0)) expect(bytes).toBe(0);
			}
		}),
	);
});
