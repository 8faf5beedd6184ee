/** Answers of a source, and which of two is newer. */
import type { CacheEntry } from "./tagged-entries.ts";

/** The result of a look-up. */
export interface Answer<V> {
	readonly value: V;
	/** As a `CacheEntry`'s. */
	readonly askedAt: number;
	/** The change log's when the value was asked for. */
	readonly sequence: number;
}

/** A look-up in progress. */
export interface LookUp<V> {
	readonly askedAt: number;
	readonly answer: Promise<Answer<V>>;
}

/**
 * Whether what was asked for at a time is newer than a value. Of two look-ups at the same time, the later one may show the
 * older state: only what is asked for after the other has come is newer.
 */
export function isNewer(askedAt: number, known: CacheEntry<unknown>): boolean {
	return askedAt >= known.receivedAt;
}

/**
 * Whether a cached value stays when another answer comes.
 *
 * @param isCurrent whether the answer's look-up started after the last invalidation
 */
export function staysNewest(known: CacheEntry<unknown>, { askedAt }: CacheEntry<unknown>, isCurrent: boolean): boolean {
	const time = known.isOutdated ? known.askedAt : known.receivedAt;
	return time > askedAt || (!isCurrent && time === askedAt);
}
