/** The look-ups of a cache: one for each key at a time, however many callers. */
import { type Answer, isNewer, type LookUp } from "./answer-order.ts";
import type { ChangeLog } from "./change-log.ts";
import type { CacheEntry } from "./tagged-entries.ts";

export interface LookUpsOptions<V> {
	/** Milliseconds of a monotonic clock. */
	readonly now: () => number;
	/** Asks the source. @param reread as `Source.instance`'s */
	readonly ask: (key: string, reread: boolean) => Promise<V>;
	readonly changes: ChangeLog;
	/** The tags of a value: whatever it depends on. */
	readonly tagsOf: (key: string, value: V) => readonly string[];
	/** The newest value that is known already. */
	readonly newest: (key: string) => CacheEntry<V> | undefined;
	/** Another cache's look-up that serves as well. */
	readonly runningElsewhere: (key: string) => LookUp<V> | undefined;
	/**
	 * Takes what a look-up has found.
	 *
	 * @param isCurrent whether the look-up started after the last invalidation
	 * @returns the newest value now
	 */
	readonly onFound: (key: string, found: CacheEntry<V>, isCurrent: boolean) => Omit<Answer<V>, "sequence">;
	/** Called for a look-up that has failed, unless it was invalidated. */
	readonly onError: (key: string, error: unknown) => void;
}

export interface LookUps<V> {
	/**
	 * The answer of the look-up in progress, or of another one that starts now.
	 *
	 * @param reread as `Source.instance`'s, if another one starts. Default: false
	 */
	ask(key: string, reread?: boolean): Promise<Answer<V>>;
	/** The look-up in progress. */
	running(key: string): LookUp<V> | undefined;
	/** The one that has been in progress for longest. */
	oldest(): LookUp<V> | undefined;
	keys(): readonly string[];
	/** How many are in progress. */
	size(): number;
	/** The result of the look-up in progress counts as outdated, and nobody joins it any more. */
	invalidate(key: string): void;
}

/** Look-ups for one value while changes overtake them. */
const MOST_TRIES = 2;

export function createLookUps<V>(options: LookUpsOptions<V>): LookUps<V> {
	const { now } = options;
	const lookUp = createLookUp(options);
	const lookUps = new Map<string, LookUp<V>>();

	function ask(key: string, reread = false): Promise<Answer<V>> {
		const running = lookUps.get(key);
		if (running !== undefined) return running.answer;
		const askedAt = now();
		const end = (): boolean => lookUps.get(key)?.answer === answer && lookUps.delete(key);
		const answer = lookUp(key, reread).then(
			({ sequence, ...found }) => {
				const isCurrent = end();
				const entry = { ...found, isOutdated: found.isOutdated || !isCurrent };
				const newestNow = options.onFound(key, entry, isCurrent);
				return { value: newestNow.value, askedAt: newestNow.askedAt, sequence };
			},
			(error: unknown) => {
				if (end()) options.onError(key, error);
				throw error;
			},
		);
		answer.catch(() => {}); // every caller may have left
		lookUps.set(key, { askedAt, answer });
		return answer;
	}

	return {
		ask,
		running: (key) => lookUps.get(key),
		oldest: () => lookUps.values().next().value,
		keys: () => [...lookUps.keys()],
		size: () => lookUps.size,
		invalidate: (key) => void lookUps.delete(key),
	};
}

/**
 * Starts a look-up, or another one if a change has overtaken it, which callers may have joined after the change; or if it
 * went on at the same time as another one whose answer is outdated: nothing shows which of them is newer.
 */
function createLookUp<V>(
	options: LookUpsOptions<V>,
): (key: string, reread: boolean) => Promise<Answer<V> & CacheEntry<V>> {
	const { now, changes, newest } = options;

	function start(key: string, reread: boolean): Promise<Answer<V>> {
		const [askedAt, sequence] = [now(), changes.sequence()];
		const [joined, known] = [options.runningElsewhere(key), newest(key)];
		if (joined !== undefined && (known === undefined || isNewer(joined.askedAt, known))) return joined.answer;
		return options.ask(key, reread).then((value) => ({ value, askedAt, sequence }));
	}

	return async (key, reread) => {
		for (let attempt = 1; ; attempt++) {
			// The first one made the source read it again: only what has been reported since is missing.
			const answer = await start(key, reread && attempt === 1);
			const isOutdated = changes.hasChangedSince(answer.sequence, options.tagsOf(key, answer.value));
			const known = newest(key);
			const isOrdered = known === undefined || !known.isOutdated || isNewer(answer.askedAt, known);
			if ((!isOutdated && isOrdered) || attempt === MOST_TRIES) return { ...answer, receivedAt: now(), isOutdated };
		}
	};
}
