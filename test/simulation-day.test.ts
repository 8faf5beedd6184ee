/**
 * A day of the simulated cloud: see test/simulation/day.ts.
 *
 * @module-tag slow
 */
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import type { Day } from "./simulation/day.ts";

/** Of the day: all of it takes a minute and more. With 24 hours, one node made 24,151 calls and two made 24,177. */
const HOURS = 4;
/** For a machine that runs other tests at the same time. Milliseconds. */
const TIMEOUT = 600_000;
/** By how much the calls of two nodes may differ from those of one. */
const TOLERANCE = 0.05;

/** In a process of its own, where time is the simulation's. */
async function dayOf(nodes: number): Promise<Day> {
	const program = new URL("simulation/day.ts", import.meta.url).pathname;
	const { stdout } = await promisify(execFile)(process.execPath, [program, `${nodes}`, `${HOURS}`], {
		maxBuffer: 2 ** 26,
	});
	return JSON.parse(stdout);
}

test(
	"two nodes with four workers make as many API calls as one node, and their guests see every change",
	async () => {
		const [one, two] = (await Promise.all([dayOf(1), dayOf(2)])) as [Day, Day];
		for (const [nodes, { calls, polls, changes, requests, compared, wrong }] of [
			["one node", one],
			["two nodes", two],
		] as const) {
			console.log(`${nodes}: ${calls} calls and ${polls} polls for ${changes} changes and ${requests} requests`);
			expect(wrong.slice(0, 3)).toEqual([]);
			expect(compared).toBeGreaterThan(requests / 2);
		}
		expect([two.changes, two.requests]).toEqual([one.changes, one.requests]);
		for (const counted of ["calls", "polls"] as const) {
			expect(Math.abs(two[counted] / one[counted] - 1)).toBeLessThanOrEqual(TOLERANCE);
		}
	},
	TIMEOUT,
);
