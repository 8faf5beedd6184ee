/** Forgets the history of guests whose instances were deleted: the state keeps only so many, and living guests need the room. */
import type { HistoryStore } from "../../store/history-store.ts";
import { startWorkTurn } from "../../work-turn.ts";
import type { OverviewSource } from "./index-loader.ts";

export interface DeletedGuestsOptions {
	readonly store: Pick<HistoryStore, "forget">;
	readonly source: Pick<OverviewSource, "instance">;
	/** The ids of the guests that have a history. */
	readonly guests: () => Iterable<string>;
	/** Whether the complete list of instances contains one; undefined: the list is not complete. */
	readonly isListed: (id: string) => boolean | undefined;
	/** Called with the ids of guests that are forgotten. */
	readonly onForgotten: (ids: readonly string[]) => void;
	readonly onError: (error: unknown) => void;
}

export interface DeletedGuests {
	close(): Promise<void>;
}

/** Milliseconds between two looks, and from an instance's deletion until its guest's history is deleted. */
const INTERVAL = 60_000;
const GRACE = 600_000;
/** Guests that are forgotten at a time. */
const MAX_FORGOTTEN = 1000;

export function createDeletedGuests(options: DeletedGuestsOptions): DeletedGuests {
	const { store, source, onForgotten, onError } = options;
	const closing = new AbortController();
	const { signal } = closing;
	let missing: ReadonlyMap<string, number> = new Map();
	let looking: Promise<void> = Promise.resolve();

	async function look(): Promise<void> {
		const now = Date.now();
		missing = await missingSince(options, missing, now);
		const long = [...missing].flatMap(([id, since]) => (now - since >= GRACE ? [id] : []));
		const gone: string[] = [];
		for (const id of long.slice(0, MAX_FORGOTTEN)) {
			signal.throwIfAborted();
			// A source may know instances that it does not list.
			if ((await source.instance(id, "wiring", signal)) === undefined) gone.push(id);
		}
		if (gone.length === 0) return;
		await store.forget(gone);
		onForgotten(gone);
	}
	const timer = setInterval(() => {
		looking = looking.then(look).catch((error: unknown) => {
			if (!signal.aborted) onError(error);
		});
	}, INTERVAL).unref();
	return {
		async close() {
			clearInterval(timer);
			closing.abort();
			await looking;
		},
	};
}

/**
 * The guests without an instance, with the time since when they are known to have none, in milliseconds since 1970.
 *
 * @param before those that were known already
 */
async function missingSince(
	{ guests, isListed }: DeletedGuestsOptions,
	before: ReadonlyMap<string, number>,
	now: number,
): Promise<ReadonlyMap<string, number>> {
	const missing = new Map<string, number>();
	const turn = startWorkTurn();
	for (const id of guests()) {
		if (isListed(id) === false) missing.set(id, before.get(id) ?? now);
		if (turn.isOver()) await turn.next();
	}
	return missing;
}
