/** Reads the wiring of single instances for the overview. One that can't be read does not fail the rest, and is retried. */
import type { InstanceSummary, Source } from "../../source/source.ts";
import { type IndexedInstance, indexedInstance } from "./indexed-instance.ts";

export interface WiringReaderOptions {
	readonly source: Pick<Source, "instance">;
	/** See InstanceIndexOptions. Otherwise nothing is read, and only what was listed is known. */
	readonly isLocal: boolean;
	/** What was known of an instance before. */
	readonly known: (id: string) => IndexedInstance | undefined;
	/** Called with instances that are to be read again. */
	readonly onRetry: (ids: readonly string[]) => void;
	readonly onError: (error: unknown) => void;
	/** Waits some milliseconds; rejects when the overview is closed. */
	readonly wait: (milliseconds: number) => Promise<unknown>;
	readonly signal: AbortSignal;
}

/**
 * @param listed what the list says of the instance. Without that, only one whose server is known is new: a port may name
 *   any device
 * @returns undefined if there is no such instance; what was known about it if it can't be read
 */
export type WiringReader = (id: string, listed?: InstanceSummary) => Promise<IndexedInstance | undefined>;

/** Milliseconds between two rounds in which what could not be read is tried again, and instances of one round. */
const RETRY = 5000;
const MAX_RETRIED = 500;
/** An instance that fails again has its turn in every second round, then in every fourth, and so on: an odd record may stay. */
const RAREST = 16;

export function createWiringReader(options: WiringReaderOptions): WiringReader {
	const { source, isLocal, known, onRetry, onError, wait, signal } = options;
	/** In every how many rounds each of them has its turn. */
	const failed = new Map<string, number>();
	let isRetrying = false;

	async function retry(): Promise<void> {
		if (isRetrying) return;
		isRetrying = true;
		for (let round = 1; failed.size > 0; round++) {
			await wait(RETRY);
			const due = failed.entries().filter(([, every]) => round % every === 0);
			const ids = Array.from(due.take(MAX_RETRIED), ([id]) => id);
			if (ids.length > 0) onRetry(ids);
		}
		isRetrying = false;
	}

	return async (id, listed) => {
		const before = known(id);
		const every = failed.get(id) ?? 1 / 2;
		failed.delete(id);
		try {
			const instance = isLocal ? await source.instance(id, "wiring", signal) : undefined;
			const found = instance && (before ?? (instance.server && { id, name: instance.server.name }));
			const summary = listed ?? found;
			return summary && indexedInstance(summary, instance);
		} catch (error) {
			signal.throwIfAborted();
			onError(error);
			failed.set(id, Math.min(2 * every, RAREST));
			retry().catch(() => {});
			return before ?? (listed && indexedInstance(listed, undefined));
		}
	};
}
