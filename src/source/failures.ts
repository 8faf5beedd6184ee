/** Failed look-ups of a cache, which are not repeated for a while, and how slow the source is. */
import { LRUCache } from "lru-cache";
import { GuestwireError } from "../errors.ts";

export interface Failures {
	add(key: string, error: unknown): void;
	delete(key: string): void;
	/** The source has answered: it is not down. @param took milliseconds */
	succeed(took: number): void;
	/** Whether the key has failed lately. */
	isFailing(key: string): boolean;
	/** The key's last error, or that of a source that is down. */
	reasonFor(key: string): unknown;
	/**
	 * Whether the source counts as down: callers with an old value don't wait for a new one.
	 *
	 * @param isHanging whether a look-up has waited for longer than a caller would
	 */
	isDown(isHanging: boolean): boolean;
	/** Whether the source has just taken so many milliseconds, or more, for an answer. */
	isSlow(milliseconds: number): boolean;
}

/** Memory is taken as they come. */
const FAILURES = { maxSize: 1000, sizeCalculation: () => 1 };
/** If this many keys fail one after the other, the source is down, not just what the keys stand for. */
const FAILURES_OF_SOURCE = 3;

const SOURCE_DOWN = new GuestwireError(
	"cloud-unavailable",
	"the cloud does not answer: run guestwire doctor to see why",
);

/** @param patience milliseconds that a caller would wait for the source */
export function slowSource(patience: number): GuestwireError {
	return new GuestwireError("cloud-unavailable", `the cloud took more than ${patience} ms for its last answer`);
}

/**
 * @param ttl how long a failure counts, in milliseconds
 * @param now milliseconds of a monotonic clock
 */
export function createFailures(ttl: number, now: () => number): Failures {
	const failures = new LRUCache<string, { readonly error: unknown; readonly until: number }>(FAILURES);
	/** The keys that have failed since the last success. */
	const failing = new Set<string>();
	let downUntil = Number.NEGATIVE_INFINITY;
	let last = { took: 0, at: Number.NEGATIVE_INFINITY };
	return {
		add(key, error) {
			failures.set(key, { error, until: now() + ttl });
			if (!(error instanceof GuestwireError && error.code === "cloud-unavailable")) return;
			if (failing.size < FAILURES_OF_SOURCE) failing.add(key);
			if (failing.size === FAILURES_OF_SOURCE) downUntil = now() + ttl;
		},
		delete: (key) => void failures.delete(key),
		succeed(took) {
			last = { took, at: now() };
			failing.clear();
			downUntil = Number.NEGATIVE_INFINITY;
		},
		isFailing: (key) => now() < (failures.get(key)?.until ?? Number.NEGATIVE_INFINITY),
		reasonFor: (key) => failures.get(key)?.error ?? SOURCE_DOWN,
		isDown: (isHanging) => now() < downUntil || (isHanging && failing.size === FAILURES_OF_SOURCE),
		isSlow: (milliseconds) => last.took >= milliseconds && now() < last.at + ttl,
	};
}
