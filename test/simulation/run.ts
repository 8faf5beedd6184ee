/**
 * `npm run simulate -- --seeds N --from M [--threads N] [--bug NAME]`: runs seeds on all cores, and prints the first that
 * fails. One seed alone is printed with its trace. `--bug` is one of test/simulation/bugs.ts.
 */
import { parseArgs } from "node:util";
import { addBug, BUGS, type BugName } from "./bugs.ts";
import { runSeeds } from "./run-seeds.ts";

const { values } = parseArgs({
	options: {
		seeds: { type: "string", default: "1000" },
		from: { type: "string", default: "1" },
		threads: { type: "string" },
		bug: { type: "string" },
	},
});
const [from, seeds] = [Number(values.from), Number(values.seeds)];
const bug = Object.keys(BUGS).find((name): name is BugName => name === values.bug);
if (bug !== values.bug) throw new Error(`no bug is named ${values.bug}: ${Object.keys(BUGS).join(", ")}`);

if (seeds === 1) await replay();
else await runAll();

async function replay(): Promise<void> {
	if (bug !== undefined) addBug(bug);
	const { simulate } = await import("./simulate.ts");
	const { failure, trace } = await simulate(from);
	console.log(
		[...trace, failure === undefined ? `seed ${from}: everything held` : `seed ${from} fails: ${failure}`].join("\n"),
	);
	if (failure !== undefined) process.exitCode = 1;
}

async function runAll(): Promise<void> {
	const startedAt = performance.now();
	const threads = values.threads === undefined ? {} : { threads: Number(values.threads) };
	const result = await runSeeds({ from, seeds, ...threads, ...(bug !== undefined && { bug }) });
	const seconds = (performance.now() - startedAt) / 1000;
	const rows = Object.entries(result.faults).map(([fault, count]) => `${String(count).padStart(10)}  ${fault}`);
	console.log(`${result.seeds} seeds from ${from}, ${result.steps} steps, ${seconds.toFixed(1)} s\n${rows.join("\n")}`);
	if (result.failed === undefined) return console.log("everything held");
	const { seed, failure } = result.failed;
	const more = bug === undefined ? "" : ` --bug ${bug}`;
	console.log(`seed ${seed} fails: ${failure}\nreplay: npm run simulate -- --seeds 1 --from ${seed}${more}`);
	process.exitCode = 1;
}
