/** Compares in the background what guests fetched with what they would get now. */
import { setTimeout } from "node:timers/promises";
import { GuestwireError } from "../../errors.ts";

/** Guests wait until they are compared, with the time since when they may be out of date: the earliest that is known. */
export interface Comparisons {
	/** The guest is compared before those that can wait. */
	add(id: string, since?: number): void;
	/** The guest is compared when nothing else is left. */
	addLater(id: string, since?: number): void;
	/** Somebody looks at the guest: if it waits, it is compared before those that can wait. */
	prefer(id: string): void;
	/** The guest need not wait any more. @returns since when it may be out of date */
	take(id: string): number | undefined;
	close(): Promise<void>;
}

export interface ComparisonsOptions {
	/** @param since see Comparisons */
	readonly compare: (id: string, since: number | undefined, signal: AbortSignal) => Promise<void>;
	/** Whether a page shows the results as they come. */
	readonly isWatched: () => boolean;
	readonly onError: (error: unknown) => void;
}

/** Milliseconds between two guests while a page is open; otherwise, the longest pause. */
const SHORT_PAUSE = 2;
const LONG_PAUSE = 1000;
/** Without a watcher, guests' requests come first: a pause is this many times as long as the comparison before it. */
const REST = 100;
/** Milliseconds between two looks at the queue. */
const INTERVAL = 100;

export function createComparisons({ compare, isWatched, onError }: ComparisonsOptions): Comparisons {
	const closing = new AbortController();
	const { signal } = closing;
	/** All that wait, in their order, with the time since when. */
	const waiting = new Map<string, number | undefined>();
	/** Those of them that others wait for. */
	const soon = new Set<string>();

	function add(id: string, since: number | undefined): void {
		waiting.set(id, waiting.get(id) ?? since);
	}
	function take(id: string): number | undefined {
		const since = waiting.get(id);
		waiting.delete(id);
		soon.delete(id);
		return since;
	}
	/** @returns the pause after it, in milliseconds */
	async function next(id: string): Promise<number> {
		const started = performance.now();
		const since = take(id);
		try {
			await compare(id, since, signal);
		} catch (error) {
			if (!signal.aborted) onError(error);
			if (mayPass(error)) add(id, since);
			return LONG_PAUSE;
		}
		const took = performance.now() - started;
		return isWatched() ? SHORT_PAUSE : Math.min(LONG_PAUSE, took * REST);
	}
	async function run(): Promise<void> {
		while (!signal.aborted) {
			const [id] = soon.size > 0 ? soon : waiting.keys();
			const pause = id === undefined ? INTERVAL : await next(id);
			await setTimeout(pause, undefined, { signal, ref: false });
		}
	}
	const running = run().catch(() => {});
	return {
		take,
		add(id, since) {
			add(id, since);
			soon.add(id);
		},
		addLater: add,
		prefer(id) {
			if (waiting.has(id)) soon.add(id);
		},
		async close() {
			closing.abort();
			await running;
		},
	};
}

/** Whether the state failed. Otherwise something is wrong with the instance: its guest is compared again when that changes. */
function mayPass(error: unknown): boolean {
	return error instanceof GuestwireError && error.code === "state";
}
