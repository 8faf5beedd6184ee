/** Reads all instances of a source into the overview, piece by piece, and keeps them current. */

import { setTimeout } from "node:timers/promises";
import type { Change, Source } from "../../source/source.ts";
import { startWorkTurn, type WorkTurn } from "../../work-turn.ts";
import { addChange, type Changes, type IndexedInstance, isAffected, noChanges } from "./indexed-instance.ts";
import { createWiringReader } from "./wiring-reader.ts";

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

export function createInstanceIndex(options: InstanceIndexOptions): InstanceIndex {
	const { source, isLocal, onChange } = options;
	const closing = new AbortController();
	const { signal } = closing;
	const onError = (error: unknown) => {
		if (!signal.aborted) options.onError(error);
	};
	const wait = (milliseconds: number) => setTimeout(milliseconds, undefined, { signal, ref: false });
	let instances = new Map<string, IndexedInstance>();
	let isComplete = false;
	let readAt = Number.NEGATIVE_INFINITY;
	let changes = noChanges();
	let isArmed = false;
	let last: Promise<unknown> = Promise.resolve();
	let refreshing: Promise<void> | undefined;

	const isFilled = () => source.isFilled?.() ?? true;

	/** One reading at a time. */
	function run(reading: () => Promise<void>): Promise<void> {
		const next = last.then(reading);
		last = next.catch(() => {});
		return next;
	}

	async function letOthersWork(turn: WorkTurn): Promise<void> {
		await turn.next();
		signal.throwIfAborted();
	}

	const readOne = createWiringReader({
		...{ source, isLocal, onError, signal, known: (id) => instances.get(id) },
		onRetry: (ids) => add({ kind: "server", ids }),
	});

	/** Reads the list, and the wiring of all instances or of those that are new to it. */
	async function readList(which: "all" | "new", since?: number): Promise<void> {
		const list = await source.list(signal);
		const next = new Map<string, IndexedInstance>();
		const ids: string[] = [];
		const turn = startWorkTurn();
		for (const summary of list) {
			if (turn.isOver()) {
				// A first reading shows what it has.
				if (instances.size === 0) instances = next;
				await letOthersWork(turn);
			}
			const { id, name } = summary;
			const known = which === "new" ? instances.get(id) : undefined;
			const isKnown = known !== undefined && (isLocal || known.name === name);
			const found = isKnown ? known : await readOne(id, summary);
			if (found !== undefined) next.set(id, found);
			if (!isKnown) ids.push(id);
		}
		const wasComplete = isComplete;
		const size = instances.size;
		[instances, isComplete, readAt] = [next, isFilled(), performance.now()];
		const isSame = ids.length === 0 && next.size === size && isComplete === wasComplete;
		if (!isSame) onChange(wasComplete ? ids : undefined, since);
	}

	/** Reads the instances that changes concern. */
	async function readChanged(taken: Changes): Promise<void> {
		const ids = new Set(taken.servers);
		const turn = startWorkTurn();
		for (const instance of taken.tags.size > 0 ? instances.values() : []) {
			if (isAffected(instance, taken)) ids.add(instance.id);
			if (turn.isOver()) await letOthersWork(turn);
		}
		for (const id of ids) {
			const found = await readOne(id);
			if (found === undefined) instances.delete(id);
			else instances.set(id, found);
			if (turn.isOver()) await letOthersWork(turn);
		}
		if (ids.size > 0) onChange([...ids], taken.since);
	}

	/** Reads again what the changes of a while concern. */
	async function applyLater(delay: number): Promise<void> {
		if (isArmed) return;
		isArmed = true;
		await wait(delay);
		await run(async () => {
			isArmed = false;
			const taken = changes;
			changes = noChanges();
			if (!taken.isEverything) return readChanged(taken);
			await readList("all", taken.since).catch((error: unknown) => {
				[changes.isEverything, changes.since] = [true, taken.since];
				applyLater(RETRY).catch(onError);
				throw error;
			});
		});
	}

	function add(change: Change): void {
		addChange(changes, change);
		applyLater(SETTLE).catch(onError);
	}

	async function untilRead(which: "all" | "new"): Promise<void> {
		for (;;) {
			try {
				return await run(() => readList(which));
			} catch (error) {
				onError(error);
			}
			await wait(RETRY);
		}
	}

	async function fill(): Promise<void> {
		await untilRead("all");
		if (isComplete) return;
		// What is stored meanwhile is read as a change.
		while (!isFilled()) await wait(RETRY);
		await untilRead("new");
		onChange(undefined, undefined);
	}

	// The others' lists are read again when they are needed.
	if (isLocal) source.onChange?.(add);
	const filled = fill().catch(() => {});
	return {
		get instances() {
			return instances;
		},
		get isComplete() {
			return isComplete;
		},
		async refresh() {
			const isOld = () => !isComplete || performance.now() - readAt > MAX_AGE;
			if (isLocal || !isOld()) return;
			refreshing ??= run(async () => {
				if (isOld()) await readList("new");
			}).finally(() => {
				refreshing = undefined;
			});
			await refreshing;
		},
		async close() {
			closing.abort();
			await filled;
			await last;
		},
	};
}
