/** The values of a cache: which one is the newest, and how old it is. */
import { isNewer, staysNewest } from "./answer-order.ts";
import {
	type CacheEntry,
	createTaggedEntries,
	type TaggedEntries,
	type TaggedEntriesOptions,
} from "./tagged-entries.ts";

export interface CachedValuesOptions<V> extends TaggedEntriesOptions<V> {
	/** Milliseconds of a monotonic clock. */
	readonly now: () => number;
	/** How old the source's answers may be already, in milliseconds. Default 0. */
	readonly sourceAge?: number;
	/** Another cache whose values serve as well, if they are newer. */
	readonly superset?: { peek(key: string): CacheEntry<V> | undefined };
	/**
	 * The object to cache for a value: an equal one that is cached already, so that what was derived from it stays valid.
	 *
	 * @param askedAt as a `CacheEntry`'s
	 */
	readonly intern: (key: string, value: V, askedAt: number) => V;
	/**
	 * How long ago it was certain that every change of the value had been reported, in milliseconds: a value that is not
	 * invalidated counts as no older. Default: never.
	 */
	readonly verifiedAge?: (key: string, value: V) => number;
}

export interface CachedValues<V> {
	/** Without the superset's. */
	readonly entries: TaggedEntries<V>;
	/** The newer of the entry and the superset's. */
	newest(key: string): CacheEntry<V> | undefined;
	/** How old the value may be, in milliseconds. */
	ageOf(key: string, entry: CacheEntry<V>): number;
	/**
	 * Caches what a look-up has found, unless a newer value is known.
	 *
	 * @param isCurrent whether the look-up started after the last invalidation
	 * @returns the newest value now
	 */
	store(key: string, found: CacheEntry<V>, isCurrent: boolean): CacheEntry<V>;
}

export function createCachedValues<V>(options: CachedValuesOptions<V>): CachedValues<V> {
	const { now, superset, sourceAge = 0 } = options;
	const entries = createTaggedEntries<V>(options);

	function newest(key: string): CacheEntry<V> | undefined {
		const [own, other] = [entries.get(key), superset?.peek(key)];
		return own === undefined || (other !== undefined && isNewer(other.askedAt, own)) ? other : own;
	}

	return {
		entries,
		newest,
		ageOf(key, { value, askedAt, isOutdated }) {
			const age = now() - askedAt + sourceAge;
			return isOutdated ? age : Math.min(age, options.verifiedAge?.(key, value) ?? age);
		},
		store(key, found, isCurrent) {
			const known = newest(key);
			if (known !== undefined && staysNewest(known, found, isCurrent)) return known;
			const entry = { ...found, value: options.intern(key, found.value, found.askedAt) };
			entries.set(key, entry);
			return entry;
		},
	};
}
