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

export async function runSeeds({
	from,
	seeds,
	threads = availableParallelism(),
	...options
}: RunOptions): Promise<RunResult> {
	const results: SeedResult[] = [];
	const workers = Array.from({ length: Math.min(threads, seeds) }, (_, at) => {
		const range: SeedRange = { first: from + at, last: from + seeds - 1, step: threads, ...options };
		return new Worker(new URL("./seed-worker.ts", import.meta.url), { workerData: range, execArgv: [] });
	});
	const failedAt = () => Math.min(...results.filter(({ failure }) => failure !== undefined).map(({ seed }) => seed));
	await Promise.all(
		workers.map(async (worker) => {
			const ended = Promise.withResolvers<void>();
			worker.on("message", (result: SeedResult) => {
				results.push(result);
				// Every seed before the first that failed is run.
				if (result.seed > failedAt()) void worker.terminate();
			});
			worker.on("error", ended.reject);
			worker.on("exit", () => ended.resolve());
			await ended.promise;
		}),
	);
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
