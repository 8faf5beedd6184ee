/** A thread that runs seeds until one fails. It posts the result of each. */
import { parentPort, workerData } from "node:worker_threads";
import { addBug, type BugName } from "./bugs.ts";

export interface SeedRange {
	readonly first: number;
	readonly last: number;
	readonly step: number;
	readonly bug?: BugName;
}

export interface SeedResult {
	readonly seed: number;
	readonly failure: string | undefined;
	readonly steps: number;
	readonly faults: ReadonlyMap<string, number>;
}

const { first, last, step, bug }: SeedRange = workerData;
if (bug !== undefined) addBug(bug);
const { simulate } = await import("./simulate.ts");
for (let seed = first; seed <= last; seed += step) {
	const { failure, steps, faults } = await simulate(seed);
	parentPort?.postMessage({ seed, failure, steps, faults } satisfies SeedResult);
	if (failure !== undefined) break;
}
