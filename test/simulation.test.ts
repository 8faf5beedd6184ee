/**
 * The real mirror over a simulated cloud, bus, database and clock: see test/simulation/simulate.ts.
 *
 * @module-tag slow
 */
import { spawnSync } from "node:child_process";
import { expect, test } from "vitest";
import { BUGS } from "./simulation/bugs.ts";
import { runSeeds } from "./simulation/run-seeds.ts";

const SEEDS = 2000;
/** For a machine that runs other tests at the same time. Milliseconds. */
const TIMEOUT = 1_800_000;

test(
	"no seed gives a guest another tenant's facts or older ones than before, or a mirror that stays different from the cloud",
	async () => {
		const startedAt = performance.now();
		const { failed, seeds, steps, faults } = await runSeeds({ from: 1, seeds: SEEDS });
		const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
		expect(failed, `replay: npm run simulate -- --seeds 1 --from ${failed?.seed}`).toBeUndefined();
		console.log(`${seeds} seeds, ${steps} steps, ${seconds} s\n${JSON.stringify(faults, null, "\t")}`);
		expect(seeds).toBe(SEEDS);
		for (const [fault, count] of Object.entries(faults)) expect(count, fault).toBeGreaterThan(0);
	},
	TIMEOUT,
);

function simulate(...options: string[]): string {
	const program = new URL("simulation/run.ts", import.meta.url).pathname;
	return spawnSync(process.execPath, [program, ...options], { encoding: "utf8" }).stdout;
}

test.each(Object.keys(BUGS))(
	"the deliberate bug %s is found, and its seed replays exactly",
	(bug) => {
		const printed = simulate("--seeds", String(SEEDS), "--bug", bug);
		const [line = "", seed = ""] = /^seed (\d+) fails: .+$/m.exec(printed) ?? [];
		console.log(`${bug}: ${line}`);
		const replay = printed.split("npm run simulate -- ")[1]?.trim().split(" ") ?? [];
		expect(replay).toEqual(["--seeds", "1", "--from", seed, "--bug", bug]);
		const [first, second] = [simulate(...replay), simulate(...replay)];
		expect(first.trimEnd().split("\n").at(-1)).toBe(line);
		expect(first.split("\n").length).toBeGreaterThan(50);
		expect(second).toBe(first);
	},
	TIMEOUT,
);
