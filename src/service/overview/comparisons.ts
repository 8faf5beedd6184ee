/** Compares in the background what guests fetched with what they would get now. */
import { setTimeout } from "node:timers/promises";

export interface Comparisons {
	/** The guest is compared before those that can wait. */
	add(id: string): void;
	/** The guest is compared when nothing else is left. */
	addLater(id: string): void;
	close(): Promise<void>;
}

export interface ComparisonsOptions {
	readonly compare: (id: string, signal: AbortSignal) => Promise<void>;
	/** Whether somebody sees the results as they come. */
	readonly isWatched: () => boolean;
	readonly onError: (error: unknown) => void;
}

/** Milliseconds between two guests while somebody is watching, and at most otherwise. */
const SHORT_PAUSE = 2;
const LONG_PAUSE = 1000;
/** Without a watcher, guests' requests come first: a pause is so many times as long as the comparison before it. */
const REST = 100;
/** Milliseconds between two looks at the queue. */
const INTERVAL = 100;

export function createComparisons({ compare, isWatched, onError }: ComparisonsOptions): Comparisons {
	const closing = new AbortController();
	const { signal } = closing;
	const [soon, later] = [new Set<string>(), new Set<string>()];

	/** Takes an id from the queues. */
	function take(): string | undefined {
		const [id] = soon.size > 0 ? soon : later;
		if (id === undefined) return undefined;
		soon.delete(id);
		later.delete(id);
		return id;
	}
	/** @returns the pause after it, in milliseconds */
	async function next(id: string): Promise<number> {
		const started = performance.now();
		try {
			await compare(id, signal);
		} catch (error) {
			if (!signal.aborted) onError(error);
		}
		const took = performance.now() - started;
		return isWatched() ? SHORT_PAUSE : Math.min(LONG_PAUSE, took * REST);
	}
	async function run(): Promise<void> {
		while (!signal.aborted) {
			const id = take();
			const pause = id === undefined ? INTERVAL : await next(id);
			await setTimeout(pause, undefined, { signal, ref: false });
		}
	}
	const running = run().catch(() => {});
	return {
		add: (id) => void soon.add(id),
		addLater: (id) => void later.add(id),
		async close() {
			closing.abort();
			await running;
		},
	};
}
