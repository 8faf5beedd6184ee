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

/** See `CacheEntry`. */
export type AnswerTime = Pick<CacheEntry<unknown>, "askedAt" | "outdatedSince">;

/**
 * Whether a value may replace another. Of two look-ups at the same time, the later one may show the older state: only what
 * was asked for after the other had come is newer, or after a change that the other lacks.
 */
export function isNewer(value: AnswerTime, known: CacheEntry<unknown>): boolean {
	const { askedAt, receivedAt, outdatedSince = receivedAt } = known;
	if (known.outdatedSince !== undefined && value.outdatedSince === undefined) return value.askedAt >= askedAt;
	return value.askedAt >= Math.min(receivedAt, outdatedSince);
}
