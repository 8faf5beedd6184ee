import fc from "fast-check";
import { expect, test } from "vitest";
import { turnsDuring } from "../test/turns.ts";
import { inOrder } from "./in-order.ts";

test("items are in the order of their keys, as Array.prototype.sort has them", async () => {
	const items = fc.array(fc.string({ maxLength: 3 }), { maxLength: 5000, size: "max" });
	const property = fc.asyncProperty(items, async (keys) => {
		expect(await inOrder(keys, (key) => key)).toEqual(keys.toSorted());
	});
	await fc.assert(property, { numRuns: 50 });
});

test("many items are sorted in turns", async () => {
	const keys = Array.from({ length: 200_000 }, (_, at) => String((at * 7_919) % 200_003));
	let sorted: readonly string[] = [];
	const { longest } = await turnsDuring(async () => {
		sorted = await inOrder(keys, (key) => key);
	});
	expect(longest).toBeLessThan(50);
	expect(sorted).toEqual(keys.toSorted());
});
