/** The instances' lines of the request history, read again after each write of any process. */
import { createCoalescedTask } from "../../coalesced-task.ts";
import type { ComparisonTimes, HistoryStore, InstanceHistory } from "../../store/history-store.ts";
import { startWorkTurn } from "../../work-turn.ts";
import { bestClient } from "../request-history/client.ts";

export interface HistoryReader {
	/** By instance. */
	readonly lines: ReadonlyMap<string, InstanceHistory>;
	/** Sets what a comparison has found, here and in the store. */
	setComparison(id: string, comparison: ComparisonTimes): Promise<void>;
	/** The store does not have these lines any more. */
	forget(ids: readonly string[]): void;
	close(): Promise<void>;
}

export interface HistoryReaderOptions {
	readonly store: Pick<HistoryStore, "instancesSince" | "refusalSequence" | "setComparison" | "onChange">;
	/** Lines that are kept, as many as the state keeps: those that were written last. */
	readonly maxLines: number;
	/** Called with the ids of the lines that were read. */
	readonly onLines: (ids: readonly string[]) => void;
	/** Called with those that were stored before the start. */
	readonly onStored: (id: string) => void;
	/** Called with those whose guests have requested something since. */
	readonly onRequests: (id: string) => void;
	readonly onRefusals: () => void;
	readonly onError: (error: unknown) => void;
}

function withBestClient(line: InstanceHistory): InstanceHistory {
	const { client_traits: traits, client, client_certainty: certainty } = line;
	return { ...line, client: bestClient({ traits, client: client ?? undefined, certainty }).client ?? null };
}

export function createHistoryReader(options: HistoryReaderOptions): HistoryReader {
	const { store, maxLines, onLines, onStored, onRequests, onRefusals, onError } = options;
	const lines = new Map<string, InstanceHistory>();
	let sequence = 0;
	let refusalSequence = 0;
	let isClosed = false;

	async function read(): Promise<void> {
		const ids: string[] = [];
		const onLine = sequence === 0 ? onStored : onRequests;
		const turn = startWorkTurn();
		for (;;) {
			const page = await store.instancesSince(sequence);
			for (const line of page.instances) {
				const known = lines.get(line.instance_id);
				// The first one of the map is the one that was written first.
				lines.delete(line.instance_id);
				lines.set(line.instance_id, withBestClient(line));
				if (known?.last_at !== line.last_at || known?.requests !== line.requests) onLine(line.instance_id);
				ids.push(line.instance_id);
			}
			for (const id of lines.keys().take(Math.max(0, lines.size - maxLines))) lines.delete(id);
			if (page.sequence === sequence) break;
			sequence = page.sequence;
			if (turn.isOver()) await turn.next();
		}
		if (ids.length > 0) onLines(ids);
		const latest = await store.refusalSequence();
		if (latest !== refusalSequence) onRefusals();
		refusalSequence = latest;
	}
	const reads = createCoalescedTask(() =>
		read().catch((error) => {
			if (!isClosed) onError(error);
		}),
	);
	const stopListening = store.onChange(() => void reads.run());
	void reads.run();
	return {
		lines,
		async setComparison(id, comparison) {
			// What could not be stored still differs from the line, and is tried again.
			await store.setComparison(id, comparison);
			const line = lines.get(id);
			if (line !== undefined) lines.set(id, { ...line, ...comparison });
		},
		forget(ids) {
			for (const id of ids) lines.delete(id);
		},
		async close() {
			isClosed = true;
			await Promise.all([reads.close(), stopListening()]);
		},
	};
}
