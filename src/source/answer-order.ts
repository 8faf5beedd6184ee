/** Which of two answers of a source is newer. */
import type { CacheEntry } from "./tagged-entries.ts";

/** See `CacheEntry`. */
export type AnswerTime = Pick<CacheEntry<unknown>, "askedAt" | "invalidated">;

/**
 * Whether a value may replace another. Of two look-ups at the same time, the later one may show the older state: only what
 * was asked for after the other had come is newer, or after a change that the other lacks.
 */
export function isNewer(value: AnswerTime, known: CacheEntry<unknown>): boolean {
	return value.askedAt >= (known.invalidated && !value.invalidated ? known.askedAt : known.receivedAt);
}
