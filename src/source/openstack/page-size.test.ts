import { expect, test } from "vitest";
import { createPageSize } from "./page-size.ts";

/** Loads pages from an API that takes so long per member; returns the limits. */
async function pages(count: number, msPerMember: () => number, most = 1000, failsFrom = Number.POSITIVE_INFINITY) {
	let time = 0;
	const limits: number[] = [];
	const pageSize = createPageSize(() => time);
	const load = async (limit: number) => {
		limits.push(limit);
		const takes = limit * msPerMember();
		time += Math.min(takes, failsFrom);
		if (takes >= failsFrom) throw new Error("timeout");
		return limit;
	};
	for (let at = 0; at < count; at++) await pageSize.measure(most, load, (page) => page).catch(() => {});
	return limits;
}

test("pages grow until one takes two seconds", async () => {
	expect(await pages(4, () => 5)).toEqual([250, 400, 400, 400]);
});

test("pages shrink when the API becomes slower, and grow again", async () => {
	let at = 0;
	const limits = await pages(7, () => [5, 5, 40, 40, 5, 5, 5][at++] ?? 5);
	expect(limits).toEqual([250, 400, 400, 50, 50, 100, 200]);
});

test("a page that fails after a long time is requested in quarters", async () => {
	expect(await pages(4, () => 150, 1000, 10_000)).toEqual([250, 62, 20, 20]);
});

test("never more than needed, nor more than the APIs allow", async () => {
	expect(await pages(3, () => 5, 30)).toEqual([30, 30, 30]);
	expect((await pages(9, () => 0.1)).at(-1)).toBe(1000);
});
