/** Reads all instances of a source into the overview, piece by piece, and keeps them current. */

import { setTimeout } from "node:timers/promises";
import type { Change, Source } from "../../source/source.ts";
import { startWorkTurn } from "../work-turn.ts";
import { changedIds, concernsAny, type IndexedInstance, indexedInstance, isAffected } from "./indexed-instance.ts";

export interface InstanceIndex {
	readonly instances: ReadonlyMap<string, IndexedInstance>;
	/** Whether all instances have been read once. */
	readonly isComplete: boolean;
	/** Reads the list again if it is older than a few seconds, for sources that report no changes. */
	refresh(): Promise<void>;
	close(): Promise<void>;
}

export interface InstanceIndexOptions {
	readonly source: Pick<Source, "list" | "instance" | "onChange">;
	/** Whether the source answers from this machine, so that every instance's wiring can be read. */
	readonly isLocal: boolean;
	/** Called with the ids whose documents may have changed; undefined: any may have. */
	readonly onChange: (ids: readonly string[] | undefined) => void;
	readonly onError: (error: unknown) => void;
}

/** Age after which a list is read again for a reader. Milliseconds. */
const MAX_AGE = 10_000;
/** Quiet time after a change. Milliseconds. */
const SETTLE = 100;
/** Milliseconds until a failed reading is tried again. */
const RETRY = 5000;
/** Changes that are remembered until then: after more, everything may have changed. */
const MAX_CHANGES = 1000;

export function createInstanceIndex(options: InstanceIndexOptions): InstanceIndex {
	const { source, isLocal, onChange } = options;
	const closing = new AbortController();
	const onError = (error: unknown) => {
		if (!closing.signal.aborted) options.onError(error);
	};
	let instances: Map<string, IndexedInstance> = new Map();
	let isComplete = false;
	let readAt = Number.NEGATIVE_INFINITY;
	let running: Promise<void> | undefined;
	let changes: Change[] = [];
	let isArmed = false;

	/** Reads the list, and the wiring of instances that are new to it or named. */
	async function read(isStale: (known: IndexedInstance) => boolean): Promise<void> {
		const list = await source.list(closing.signal);
		const next = new Map<string, IndexedInstance>();
		const changed: string[] = [];
		const turn = startWorkTurn();
		for (const summary of list) {
			if (turn.isOver()) {
				// A first reading shows what it has.
				if (!isComplete) instances = next;
				await turn.next();
				closing.signal.throwIfAborted();
			}
			const known = instances.get(summary.id);
			if (known !== undefined && isComplete && !isStale(known) && (isLocal || known.name === summary.name)) {
				next.set(summary.id, known);
				continue;
			}
			const instance = isLocal ? await source.instance(summary.id, "wiring", closing.signal) : undefined;
			next.set(summary.id, indexedInstance(summary, instance));
			changed.push(summary.id);
		}
		const isSame = changed.length === 0 && next.size === instances.size;
		instances = next;
		readAt = performance.now();
		const wasComplete = isComplete;
		isComplete = true;
		if (!isSame) onChange(wasComplete ? changed : undefined);
	}

	function run(isStale: (known: IndexedInstance) => boolean): Promise<void> {
		running ??= read(isStale).finally(() => {
			running = undefined;
		});
		return running;
	}

	async function fill(): Promise<void> {
		while (!closing.signal.aborted && !isComplete) {
			await run(() => true).catch(onError);
			if (!isComplete) await setTimeout(RETRY, undefined, { signal: closing.signal, ref: false });
		}
	}

	async function apply(delay: number): Promise<void> {
		await setTimeout(delay, undefined, { signal: closing.signal, ref: false });
		await running?.catch(() => {});
		isArmed = false;
		const taken = changes;
		const changed = changedIds(taken);
		changes = [];
		try {
			if (concernsAny(changed)) onChange(undefined);
			await run((known) => isAffected(known, changed));
		} catch (error) {
			const all = [...taken, ...changes];
			changes = all.length > MAX_CHANGES ? [{ kind: "everything", ids: [] }] : all;
			arm(RETRY);
			throw error;
		}
	}

	function arm(delay: number): void {
		if (isArmed) return;
		isArmed = true;
		apply(delay).catch(onError);
	}

	source.onChange?.((change) => {
		changes.push(change);
		arm(SETTLE);
	});
	const filled = fill().catch(() => {});
	return {
		get instances() {
			return instances;
		},
		get isComplete() {
			return isComplete;
		},
		async refresh() {
			if (!isComplete && !isLocal) await run(() => true);
			else if (!isLocal && performance.now() - readAt > MAX_AGE) await run(() => false);
		},
		async close() {
			closing.abort();
			await filled;
			await running?.catch(() => {});
		},
	};
}
