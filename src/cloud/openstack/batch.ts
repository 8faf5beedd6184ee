/** Look-ups that are made at nearly the same moment share one round of calls. */
import DataLoader from "dataloader";
import { LRUCache } from "lru-cache";

export interface BatchOptions<T> {
	/** One round: what is found for each of the (different) keys, or why it can't be told. */
	readonly ask: (keys: readonly string[]) => Promise<ReadonlyMap<string, T | Error>>;
	/** What it is for a key that `ask` found nothing for. */
	readonly none: T;
	/** Milliseconds for which an answer serves later look-ups too; 0: only those that share its round. */
	readonly share: number;
}

/** A round waits until no look-up came for so long … Milliseconds. */
const QUIET = 3;
/** … or its first one has waited so long. */
const LONGEST = 25;
/** A round gathers on while the one before it is under way, but no longer than this. */
const LONGEST_BEHIND = 250;
/** What many look-ups have in common is not asked again for so long. Seconds. */
export const SHARED_SECONDS = 2;
/** Keys of what is shared for a moment. */
const MOST_SHARED = 10_000;

const wait = (ms: number) => new Promise<void>((resolve) => void setTimeout(resolve, ms));
/** Keeps no process alive: the round that is waited for does. */
const waitAtMost = (ms: number) => new Promise<void>((resolve) => void setTimeout(resolve, ms).unref());

/** Gathers look-ups into rounds: a burst of any size costs about two of them. */
export function createBatch<T>({ ask, none, share }: BatchOptions<T>): (key: string) => Promise<T> {
	let lastKeyAt = 0;
	let underWay: Promise<unknown> = Promise.resolve();

	async function dispatchWhenQuiet(dispatch: () => void): Promise<void> {
		const first = performance.now();
		do await wait(QUIET);
		while (performance.now() - lastKeyAt < QUIET && performance.now() - first < LONGEST);
		await Promise.race([underWay, waitAtMost(LONGEST_BEHIND)]);
		dispatch();
	}

	async function round(keys: readonly string[]): Promise<(T | Error)[]> {
		const asked = ask([...new Set(keys)]);
		underWay = asked.catch(() => {});
		const found = await asked;
		return keys.map((key) => found.get(key) ?? none);
	}

	const loader = new DataLoader(round, {
		cache: false,
		batchScheduleFn: (dispatch) => void dispatchWhenQuiet(dispatch),
	});
	const load = (key: string) => {
		lastKeyAt = performance.now();
		return loader.load(key);
	};
	return share === 0 ? load : shared(load, share);
}

/**
 * One answer a key while it is under way, and until so long after it was asked for; a failed one is nobody else's, nor is
 * one that isn't worth keeping.
 */
export function shared<T>(
	load: (key: string) => Promise<T>,
	milliseconds: number,
	isWorthKeeping: (answer: T) => boolean = () => true,
): (key: string) => Promise<T> {
	const known = new LRUCache<string, { readonly promise: Promise<T>; goodUntil: number }>({ max: MOST_SHARED });
	const dropEnded = (now: number) => {
		const oldest = () => known.rvalues().next().value?.goodUntil ?? Number.POSITIVE_INFINITY;
		while (oldest() <= now) known.pop();
	};
	return (key) => {
		const kept = known.get(key);
		const now = performance.now();
		if (kept !== undefined && now < kept.goodUntil) return kept.promise;
		dropEnded(now);
		const asked = { promise: load(key), goodUntil: Number.POSITIVE_INFINITY };
		known.set(key, asked);
		asked.promise.then(
			(answer) => {
				if (isWorthKeeping(answer)) asked.goodUntil = now + milliseconds;
				else known.delete(key);
			},
			() => known.delete(key),
		);
		return asked.promise;
	};
}
