import { expect, test } from "vitest";
import { createHaste } from "./pace.ts";

const MINUTE = 60_000;

test("however often gaps come, comparisons without rests take little more than a tenth of the time in the long run", () => {
	let time = 0;
	const haste = createHaste({ now: () => time, sleep: async () => {} });
	let spent = 0;
	const gap = (minutes: number) => {
		if (!haste.isAllowed()) return false;
		time += minutes * MINUTE;
		spent += minutes * MINUTE;
		haste.spend(minutes * MINUTE);
		return true;
	};
	// The largest cloud's, and one more right after it.
	expect([gap(19), gap(19)]).toEqual([true, true]);
	for (const end = time + 48 * 60 * MINUTE; time < end; time += MINUTE) gap(2);
	expect(spent / time).toBeLessThan(0.12);
	expect(spent / time).toBeGreaterThan(0.08);
});

test("a clock that is put back takes no time without rests away", () => {
	let time = 100 * 24 * 60 * MINUTE;
	const haste = createHaste({ now: () => time, sleep: async () => {} });
	time -= 24 * 60 * MINUTE;
	expect(haste.isAllowed()).toBe(true);
	haste.spend(21 * MINUTE);
	time += 11 * MINUTE;
	expect(haste.isAllowed()).toBe(true);
});
