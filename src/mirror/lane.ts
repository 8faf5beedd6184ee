/** A queue of ids that are read in batches, one batch at a time. */
import { isAway } from "./is-away.ts";

/** Ids in one batch. The reader may need several calls for them. */
const BATCH = 100;
/** Attempts to find the ids that make a batch fail. */
const MOST_CALLS = 20;

/**
 * Reads an id. The read starts after the call: what is asked for while a batch is under way shares the next batch. If a
 * batch fails although source and database work, its parts are tried, so that one bad id does not fail the
 * rest.
 */
export type Lane = (id: string) => Promise<void>;

/** @param read reads and stores */
export function createLane(read: (ids: readonly string[]) => Promise<void>): Lane {
	let waiting = new Map<string, PromiseWithResolvers<void>>();
	let isRunning = false;

	async function run(): Promise<void> {
		isRunning = true;
		while (waiting.size > 0) {
			const batch = new Map([...waiting].slice(0, BATCH));
			for (const id of batch.keys()) waiting.delete(id);
			let calls = MOST_CALLS;
			await readParts([...batch.keys()]);

			async function readParts(ids: readonly string[]): Promise<void> {
				try {
					calls--;
					await read(ids);
					for (const id of ids) batch.get(id)?.resolve();
				} catch (error) {
					if (!isAway(error) && ids.length > 1 && calls > 1) {
						const middle = Math.ceil(ids.length / 2);
						await readParts(ids.slice(0, middle));
						await readParts(ids.slice(middle));
						return;
					}
					for (const id of ids) batch.get(id)?.reject(error);
					if (isAway(error)) rejectWaiting(error);
				}
			}
		}
		isRunning = false;
	}

	/** Those who wait would only wait for the same failure. */
	function rejectWaiting(error: unknown): void {
		const rejected = waiting;
		waiting = new Map();
		for (const { reject } of rejected.values()) reject(error);
	}

	return (id) => {
		let request = waiting.get(id);
		if (request === undefined) {
			request = Promise.withResolvers<void>();
			request.promise.catch(() => {}); // every caller may have left
			waiting.set(id, request);
		}
		if (!isRunning) void run();
		return request.promise;
	};
}
