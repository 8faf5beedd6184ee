/** Reads all instances of a source into the overview, piece by piece, and keeps them current. */

import { setTimeout } from "node:timers/promises";
import type { Change, Source } from "../../source/source.ts";
import { createTaskQueue, type TaskQueue } from "../../task-queue.ts";
import { type IndexState, readChanged, readList } from "./index-reading.ts";
import { addChange, type Changes, type IndexedInstance, noChanges } from "./indexed-instance.ts";
import { createWiringReader, type WiringReader } from "./wiring-reader.ts";

export interface InstanceIndex {
	/** Instances come and go during an iteration. */
	readonly instances: ReadonlyMap<string, IndexedInstance>;
	/** Whether all instances have been read once. */
	readonly isComplete: boolean;
	/** Reads the list again if it is older than a few seconds, for sources that report no changes. */
	refresh(): Promise<void>;
	close(): Promise<void>;
}

export interface OverviewSource extends Pick<Source, "list" | "instance" | "onChange"> {
	/** Whether the source knows all instances and their details. Default: always. */
	readonly isFilled?: () => boolean;
	/** Whether its instances have no user data, although their guests may get some. Default: false. */
	readonly lacksUserData?: boolean;
}

export interface InstanceIndexOptions {
	readonly source: OverviewSource;
	/** Whether the source answers from this machine, so that every instance's wiring can be read. */
	readonly isLocal: boolean;
	/**
	 * Called with the ids whose documents may have changed; undefined: any may have. With the time since when, in
	 * milliseconds since 1970, if a change was reported.
	 */
	readonly onChange: (ids: readonly string[] | undefined, since: number | undefined) => void;
	readonly onError: (error: unknown) => void;
}

/** Age after which a list is read again for a reader. Milliseconds. */
const MAX_AGE = 10_000;
/**
 * Milliseconds from a change until instances are read again: a large cloud has some 30 changes a second, and whatever
 * their number, all instances are gone through once in that time. Operators still see a change within two seconds.
 */
const SETTLE = 1000;
/** Milliseconds until a list that could not be read is tried again. */
const RETRY = 5000;

/** Waits some milliseconds; rejects when the index is closed. */
type Wait = (milliseconds: number) => Promise<unknown>;

export function createInstanceIndex(options: InstanceIndexOptions): InstanceIndex {
	const { source, isLocal, onChange } = options;
	const closing = new AbortController();
	const { signal } = closing;
	const onError = (error: unknown) => {
		if (!signal.aborted) options.onError(error);
	};
	const wait: Wait = (milliseconds) => setTimeout(milliseconds, undefined, { signal, ref: false });
	const index: IndexState = { instances: new Map(), isComplete: false, readAt: Number.NEGATIVE_INFINITY };
	/** One reading at a time. */
	const queue = createTaskQueue();
	const readOne: WiringReader = createWiringReader({
		...{ source, isLocal, onError, wait, signal, known: (id) => index.instances.get(id) },
		onRetry: (ids) => changes.add({ kind: "server", ids }),
	});
	const isFilled = () => source.isFilled?.() ?? true;
	const reading = { source, isLocal, isFilled, readOne, onChange, signal };
	const changes = collectChanges({
		...{ queue, wait, onError },
		read: (taken) =>
			taken.isEverything ? readList(index, reading, "all", taken.since) : readChanged(index, reading, taken),
	});

	// The others' lists are read again when they are needed.
	if (isLocal) source.onChange?.(changes.add);
	const readAll = () => queue.run(() => readList(index, reading, "all"));
	const readNew = () => readList(index, reading, "new");
	const filled = fill().catch(() => {});

	async function fill(): Promise<void> {
		await untilRead(readAll, wait, onError);
		if (index.isComplete) return;
		// What is stored meanwhile is read as a change.
		while (!isFilled()) await wait(RETRY);
		await untilRead(() => queue.run(readNew), wait, onError);
		onChange(undefined, undefined);
	}

	const refresh = createRefresh(index, readNew, queue);
	return {
		get instances() {
			return index.instances;
		},
		get isComplete() {
			return index.isComplete;
		},
		async refresh() {
			if (!isLocal) await refresh();
		},
		async close() {
			closing.abort();
			await filled;
			await queue.ended();
		},
	};
}

async function untilRead(read: () => Promise<void>, wait: Wait, onError: (error: unknown) => void): Promise<void> {
	for (;;) {
		try {
			return await read();
		} catch (error) {
			onError(error);
		}
		await wait(RETRY);
	}
}

/** Reads the list again if it is old, once for all callers. */
function createRefresh(index: IndexState, read: () => Promise<void>, queue: TaskQueue): () => Promise<void> {
	let refreshing: Promise<void> | undefined;
	const isOld = () => !index.isComplete || performance.now() - index.readAt > MAX_AGE;
	const readIfOld = async () => {
		if (isOld()) await read();
	};
	return async () => {
		if (!isOld()) return;
		refreshing ??= queue.run(readIfOld).finally(() => {
			refreshing = undefined;
		});
		await refreshing;
	};
}

interface CollectOptions {
	readonly queue: TaskQueue;
	readonly wait: Wait;
	/** Reads again what the changes of a while concern. */
	readonly read: (changes: Changes) => Promise<void>;
	readonly onError: (error: unknown) => void;
}

/** Has what changes concern read again, once for all changes of a while. */
function collectChanges({ queue, wait, read, onError }: CollectOptions) {
	let changes = noChanges();
	let isArmed = false;

	async function applyLater(delay: number): Promise<void> {
		if (isArmed) return;
		isArmed = true;
		await wait(delay);
		await queue.run(async () => {
			isArmed = false;
			const taken = changes;
			changes = noChanges();
			await read(taken).catch((error: unknown) => {
				if (taken.isEverything) readLater(taken.since);
				throw error;
			});
		});
	}

	/** Reads everything again. */
	function readLater(since: number | undefined): void {
		[changes.isEverything, changes.since] = [true, since];
		applyLater(RETRY).catch(onError);
	}

	return {
		add(change: Change): void {
			addChange(changes, change);
			applyLater(SETTLE).catch(onError);
		},
	};
}
