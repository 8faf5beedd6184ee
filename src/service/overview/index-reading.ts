/** Reads instances into the overview's index: those of the list, or those that changes concern. */
import type { Source } from "../../source/source.ts";
import { startWorkTurn, type WorkTurn } from "../../work-turn.ts";
import { type Changes, type IndexedInstance, isAffected } from "./indexed-instance.ts";
import type { WiringReader } from "./wiring-reader.ts";

/** What has been read. */
export interface IndexState {
	instances: Map<string, IndexedInstance>;
	/** Whether all instances have been read once. */
	isComplete: boolean;
	/** When the list was read, by `performance.now()`. */
	readAt: number;
}

export interface IndexReadingOptions {
	readonly source: Pick<Source, "list">;
	/** See InstanceIndexOptions. */
	readonly isLocal: boolean;
	/** Whether the source knows all instances and their details. */
	readonly isFilled: () => boolean;
	readonly readOne: WiringReader;
	/** See InstanceIndexOptions. */
	readonly onChange: (ids: readonly string[] | undefined, since: number | undefined) => void;
	readonly signal: AbortSignal;
}

/**
 * Reads the list, and the wiring of all instances or of those that are new to it.
 *
 * @param since see InstanceIndexOptions
 */
export async function readList(
	index: IndexState,
	{ source, isLocal, isFilled, readOne, onChange, signal }: IndexReadingOptions,
	which: "all" | "new",
	since?: number,
): Promise<void> {
	const list = await source.list(signal);
	const next = new Map<string, IndexedInstance>();
	const ids: string[] = [];
	const turn = startWorkTurn();
	for (const summary of list) {
		if (turn.isOver()) {
			// A first reading shows what it has.
			if (index.instances.size === 0) index.instances = next;
			await letOthersWork(turn, signal);
		}
		const { id, name } = summary;
		const known = which === "new" ? index.instances.get(id) : undefined;
		const isKnown = known !== undefined && (isLocal || known.name === name);
		const found = isKnown ? known : await readOne(id, summary);
		if (found !== undefined) next.set(id, found);
		if (!isKnown) ids.push(id);
	}
	const { isComplete: wasComplete } = index;
	const { size } = index.instances;
	[index.instances, index.isComplete, index.readAt] = [next, isFilled(), performance.now()];
	const isSame = ids.length === 0 && next.size === size && index.isComplete === wasComplete;
	if (!isSame) onChange(wasComplete ? ids : undefined, since);
}

/** Reads the instances that changes concern. */
export async function readChanged(
	{ instances }: IndexState,
	{ readOne, onChange, signal }: IndexReadingOptions,
	changes: Changes,
): Promise<void> {
	const ids = new Set(changes.servers);
	const turn = startWorkTurn();
	for (const instance of changes.tags.size > 0 ? instances.values() : []) {
		if (isAffected(instance, changes)) ids.add(instance.id);
		if (turn.isOver()) await letOthersWork(turn, signal);
	}
	for (const id of ids) {
		const found = await readOne(id);
		if (found === undefined) instances.delete(id);
		else instances.set(id, found);
		if (turn.isOver()) await letOthersWork(turn, signal);
	}
	if (ids.size > 0) onChange([...ids], changes.since);
}

async function letOthersWork(turn: WorkTurn, signal: AbortSignal): Promise<void> {
	await turn.next();
	signal.throwIfAborted();
}
