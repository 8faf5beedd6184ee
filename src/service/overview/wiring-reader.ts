/** Reads the wiring of single instances for the overview. One that can't be read does not fail the rest, and is retried. */
import { setTimeout } from "node:timers/promises";
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
	readonly signal: AbortSignal;
}

/**
 * @param listed what the list says of the instance. Without that, only one whose server is known is new: a port may name
 *   any device
 * @returns undefined if there is no such instance; what was known about it if it can't be read
 */
export type WiringReader = (id: string, listed?: InstanceSummary) => Promise<IndexedInstance | undefined>;

/** Milliseconds until what could not be read is tried again, and so many of these instances at a time. */
const RETRY = 5000;
const MAX_RETRIED = 500;

export function createWiringReader(options: WiringReaderOptions): WiringReader {
	const { source, isLocal, known, onRetry, onError, signal } = options;
	const failed = new Set<string>();
	let isRetrying = false;

	async function retry(): Promise<void> {
		if (isRetrying) return;
		isRetrying = true;
		while (failed.size > 0) {
			await setTimeout(RETRY, undefined, { signal, ref: false });
			onRetry([...failed.values().take(MAX_RETRIED)]);
		}
		isRetrying = false;
	}

	return async (id, listed) => {
		const before = known(id);
		failed.delete(id);
		try {
			const instance = isLocal ? await source.instance(id, "wiring", signal) : undefined;
			const found = instance && (before ?? (instance.server && { id, name: instance.server.name }));
			const summary = listed ?? found;
			return summary && indexedInstance(summary, instance);
		} catch (error) {
			signal.throwIfAborted();
			onError(error);
			failed.add(id);
			retry().catch(() => {});
			return before ?? (listed && indexedInstance(listed, undefined));
		}
	};
}
