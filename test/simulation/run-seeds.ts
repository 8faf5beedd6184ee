/** Runs many seeds in threads. */
import { availableParallelism } from "node:os";
import { Worker } from "node:worker_threads";
import type { BugName } from "./bugs.ts";
import { FAULTS } from "./scheduler.ts";
import type { SeedRange, SeedResult } from "./seed-worker.ts";

export interface RunOptions {
	readonly from: number;
	readonly seeds: number;
	readonly bug?: BugName;
	/** Default: one per core. */
	readonly threads?: number;
}

export interface RunResult {
	/** The lowest seed that failed. Threads may have run later ones before they were stopped. */
	readonly failed: { readonly seed: number; readonly failure: string } | undefined;
	readonly seeds: number;
	readonly steps: number;
	/** How often each fault happened, in all runs. */
	readonly faults: Readonly<Record<string, number>>;
}

/** What killed processes of the simulation waited for stays in memory as long as the worker. */
const SEEDS_OF_WORKER = 1000;

export async function runSeeds({
	from,
	seeds,
	threads = availableParallelism(),
	...options
}: RunOptions): Promise<RunResult> {
	const results: SeedResult[] = [];
	const failedAt = () => Math.min(...results.filter(({ failure }) => failure !== undefined).map(({ seed }) => seed));
	const last = from + seeds - 1;
	const runRange = async (range: SeedRange) => {
		const worker = new Worker(new URL("./seed-worker.ts", import.meta.url), { workerData: range, execArgv: [] });
		const ended = Promise.withResolvers<void>();
		worker.on("message", (result: SeedResult) => {
			results.push(result);
			// Every seed before the first that failed is run.
			if (result.seed > failedAt()) void worker.terminate();
		});
		worker.on("error", ended.reject);
		worker.on("exit", () => ended.resolve());
		await ended.promise;
	};
	const runThread = async (at: number) => {
		const step = threads;
		for (let first = from + at; first <= Math.min(last, failedAt()); first += step * SEEDS_OF_WORKER)
			await runRange({ first, last: Math.min(last, first + step * (SEEDS_OF_WORKER - 1)), step, ...options });
	};
	await Promise.all(Array.from({ length: Math.min(threads, seeds) }, (_, at) => runThread(at)));
	const failed = results.find(({ seed }) => seed === failedAt());
	const sum = (numbers: readonly number[]) => numbers.reduce((total, number) => total + number, 0);
	return {
		failed: failed?.failure === undefined ? undefined : { seed: failed.seed, failure: failed.failure },
		seeds: results.length,
		steps: sum(results.map(({ steps }) => steps)),
		faults: Object.fromEntries(
			FAULTS.map((fault) => [fault, sum(results.map(({ faults }) => faults.get(fault) ?? 0))]),
		),
	};
}
