/** Records requests and writes them later: no guest waits for the request history, whatever the database does. */
import { LRUCache } from "lru-cache";
import type { HistoryBatch, HistoryStore } from "../../store/history-store.ts";
import type { AnsweredRequest } from "./answered-request.ts";
import type { DigestOf } from "./document-content.ts";
import { type BatchContext, type BatchMemory, makeBatch } from "./make-batch.ts";
import { addRequest, createPending, putBack } from "./pending.ts";
import { MAX_REQUESTS, mergeRequests } from "./request-list.ts";

export interface Recorder {
	/** Remembers a request until the next write. Requests beyond the limit are lost, and counted. */
	record(request: AnsweredRequest): void;
	/** Writes what is left. */
	close(): Promise<void>;
}

export interface RecorderOptions {
	readonly store: Pick<HistoryStore, "write" | "compact" | "trim" | "trimRefusals">;
	/** The machine's name. */
	readonly node: string;
	/** Unique among the processes that share the state. */
	readonly writer: string;
	readonly digestOf: DigestOf;
	/** Called with the number of requests that are not recorded. */
	readonly onLost: (requests: number) => void;
	/** Called when a write failed. Its requests are written with the next ones. */
	readonly onError: (error: unknown) => void;
	/** Milliseconds from a request to its write; longer if writes take long. Default: 1000. */
	readonly delay?: number;
}

/** With many requests a write takes long; then there are fewer: the pause is this many times as long as the last write. */
const REST = 5;
/**
 * A process that is killed loses the requests since its last write began: that write's time, a pause and the time of the
 * next write. The pause is so short that they are at most this, in milliseconds, but never shorter than `delay`.
 */
const MAX_LOST = 4500;
/** Instances whose client and last versions are remembered. */
const MAX_REMEMBERED = 20_000;
/** Instances and refusals that the state keeps; see `HistoryStore.trim`. */
export const LIMITS = { instances: 100_000, refusals: 1000 };
/** Milliseconds between two trims. */
const TRIM_INTERVAL = 60_000;
/** Refusals that one process writes between two trims: anybody can send requests that are refused. */
const MAX_UNTRIMMED = 100;
/** Rows of an instance's requests after which they are merged. */
const MAX_PIECES = 8;

export function createRecorder(options: RecorderOptions): Recorder {
	const { store, node, writer, digestOf, onLost, onError, delay = 1000 } = options;
	const max = MAX_REMEMBERED;
	const memory: BatchMemory = {
		evidence: new LRUCache({ max }),
		versions: new LRUCache({ max: 4 * max }),
	};
	const context: BatchContext = { node, writer, digestOf, memory };
	const tidy = createTidying(store);
	let pending = createPending();
	let lost = 0;
	const writes = createPacedWrites(delay, write, () => pending.size > 0);

	async function write(): Promise<void> {
		const current = pending;
		pending = createPending();
		if (lost > 0) onLost(lost);
		lost = 0;
		const batch = await makeBatch(current, context);
		try {
			await store.write(batch);
		} catch (error) {
			// What this batch was to store is not stored: the next one has to contain it.
			memory.versions.clear();
			lost += putBack(current, pending);
			pending = current;
			onError(error);
			return;
		}
		await tidy(batch).catch(onError);
	}

	return {
		record(request) {
			if (!addRequest(pending, request)) lost++;
			else writes.arm();
		},
		async close() {
			await writes.end();
			if (pending.size > 0) await write();
		},
	};
}

/** Writes after a delay, or a longer pause if writes take long; again while there is more. */
function createPacedWrites(delay: number, write: () => Promise<void>, isMoreLeft: () => boolean) {
	let timer: NodeJS.Timeout | undefined;
	let writing: Promise<void> | undefined;
	let pause = delay;

	function arm(): void {
		timer ??= setTimeout(async () => {
			const started = performance.now();
			writing = write();
			await writing;
			const took = performance.now() - started;
			pause = Math.max(delay, Math.min(REST * took, MAX_LOST - 2 * took));
			writing = undefined;
			timer = undefined;
			if (isMoreLeft()) arm();
		}, pause).unref();
	}

	return {
		arm,
		/** Resolves once nothing is being written. */
		async end(): Promise<void> {
			await writing;
			clearTimeout(timer);
			timer = undefined;
		},
	};
}

/** Compacts and trims what the store has, after each batch that was written. */
function createTidying(store: Pick<HistoryStore, "compact" | "trim" | "trimRefusals">) {
	const growth = createGrowth();
	let trimmedAt = Number.NEGATIVE_INFINITY;
	/** Refusals that were written since they were last trimmed. */
	let untrimmed = 0;

	return async ({ requests, refusals }: Pick<HistoryBatch, "requests" | "refusals">): Promise<void> => {
		untrimmed += refusals.length;
		const grown = growth.add(requests);
		if (grown.length > 0) await store.compact(grown, mergeRequests);
		const isDue = performance.now() - trimmedAt >= TRIM_INTERVAL;
		if (untrimmed > (isDue ? 0 : MAX_UNTRIMMED)) {
			await store.trimRefusals(LIMITS.refusals);
			untrimmed = 0;
		}
		if (!isDue) return;
		const started = performance.now();
		// While there is more to delete, each write is followed by a part of it.
		if (!(await store.trim(LIMITS.instances))) trimmedAt = started;
	};
}

/** Counts what is appended to each instance's requests, and names the instances that have to be compacted. */
function createGrowth() {
	const grown = new LRUCache<string, { rows: number; count: number }>({ max: MAX_REMEMBERED });
	return {
		add(rows: readonly { readonly instance_id: string; readonly count: number }[]): string[] {
			const ids: string[] = [];
			for (const { instance_id: id, count } of rows) {
				const known = grown.get(id) ?? { rows: 0, count: 0 };
				const next = { rows: known.rows + 1, count: known.count + count };
				if (next.rows >= MAX_PIECES || next.count > MAX_REQUESTS * 2) {
					grown.set(id, { rows: 1, count: 0 });
					ids.push(id);
				} else grown.set(id, next);
			}
			return ids;
		},
	};
}
