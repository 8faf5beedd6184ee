/**
 * The real mirror over a simulated cloud, bus, database and clock: see test/simulation/simulate.ts.
 *
 * @module-tag slow
 */
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { BUGS } from "./simulation/bugs.ts";
import { FAULTS } from "./simulation/scheduler.ts";

const SEEDS = 2000;
/** For a machine that runs other tests at the same time. Milliseconds. */
const TIMEOUT = 1_800_000;

/** In a process of its own: one that crashes fails a test, not the whole run. */
async function simulate(...options: string[]): Promise<string> {
	const program = new URL("simulation/run.ts", import.meta.url).pathname;
	// The exit code is 1 if a seed fails.
	return promisify(execFile)(process.execPath, [program, ...options]).then(
		({ stdout }) => stdout,
		(error) => {
			if (error.code !== 1) throw error;
			return error.stdout;
		},
	);
}

test(
	"no seed gives a guest another tenant's facts or older ones than before, or a mirror that stays different from the cloud",
	async () => {
		const printed = await simulate("--seeds", String(SEEDS));
		console.log(printed);
		expect(printed.trimEnd().split("\n").at(-1)).toBe("everything held");
		expect(printed).toMatch(new RegExp(`^${SEEDS} seeds from 1,`));
		for (const fault of FAULTS) expect(printed).toMatch(new RegExp(`^ *[1-9]\\d* +${fault}$`, "m"));
	},
	TIMEOUT,
);

test.each(Object.keys(BUGS))(
	"the deliberate bug %s is found, and its seed replays exactly",
	async (bug) => {
		const printed = await simulate("--seeds", String(SEEDS), "--bug", bug);
		const [line = "", seed = ""] = /^seed (\d+) fails: .+$/m.exec(printed) ?? [];
		console.log(`${bug}: ${line}`);
		const replay = printed.split("npm run simulate -- ")[1]?.trim().split(" ") ?? [];
		expect(replay).toEqual(["--seeds", "1", "--from", seed, "--bug", bug]);
		const [first, second] = [await simulate(...replay), await simulate(...replay)];
		expect(first.trimEnd().split("\n").at(-1)).toBe(line);
		expect(first.split("\n").length).toBeGreaterThan(50);
		expect(second).toBe(first);
	},
	TIMEOUT,
);
