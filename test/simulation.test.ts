/**
 * The real mirror over a simulated cloud, bus, database and clock: see test/simulation/simulate.ts.
 *
 * @module-tag slow
 */
import { expect, test } from "vitest";
import { simulate } from "./simulation/simulate.ts";

/** As many seeds as this machine runs in 40 seconds. */
const SEEDS = 120;
const BUDGET = 40_000;

test("no seed gives a guest another tenant's facts, or a mirror that stays different from the cloud", async () => {
	const startedAt = performance.now();
	let seed = 1;
	for (; seed <= SEEDS && performance.now() - startedAt < BUDGET; seed++) {
		const { failure, trace } = await simulate(seed, { checksOrder: false });
		const end = trace.slice(-40).join("\n");
		expect(failure, `${end}\nreplay: npm run simulate -- --seeds 1 --from ${seed} --trace`).toBeUndefined();
	}
	console.log(`${seed - 1} seeds in ${((performance.now() - startedAt) / 1000).toFixed(1)} s`);
}, 120_000);

test("a seed replays exactly", async () => {
	const [first, second] = [await simulate(7, { checksOrder: false }), await simulate(7, { checksOrder: false })];
	expect(first.trace.length).toBeGreaterThan(100);
	expect(second.trace).toEqual(first.trace);
});
