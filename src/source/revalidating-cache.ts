/**
 * A cache of a source's answers that serves them up to a maximum age, revalidates them in the background before that,
 * and falls back to older ones while the source can't be reached.
 */
import { GuestwireError } from "../errors.ts";
import { createKeyCounts } from "../key-counts.ts";
import { type Answer, isNewer, type LookUp, staysNewest } from "./answer-order.ts";
import { createLookUps } from "./cache-look-ups.ts";
import { createPreparation } from "./cache-preparation.ts";
import type { CacheTimes, StaleTimes } from "./cache-times.ts";
import type { ChangeLog } from "./change-log.ts";
import { createFailures } from "./failures.ts";
import { type CacheEntry, createTaggedEntries, type TaggedEntriesOptions } from "./tagged-entries.ts";
import { withAbort } from "./with-abort.ts";

/** What the caches of one source share. */
export interface SharedCacheState {
	readonly changes: ChangeLog;
	/** When the oldest value served in an outage was asked for; Infinity while the source answers. */
	oldestStale: number;
}

export interface RevalidatingCacheOptions<V> extends TaggedEntriesOptions<V> {
	readonly times: CacheTimes;
	/** Milliseconds of a monotonic clock. */
	readonly now: () => number;
	/** Asks the source. @param reread as `Source.instance`'s */
	readonly ask: (key: string, reread: boolean) => Promise<V>;
	/** How old the source's answers may be already, in milliseconds. Default 0. */
	readonly sourceAge?: number;
	/** Another cache whose values serve as well: a look-up of it is joined, and a value of it served, if that is newer. */
	readonly superset?: Pick<RevalidatingCache<V>, "peek" | "running">;
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
	/** Who shares places for look-ups with the key's caller. Default: nobody. */
	readonly scopeOf?: (key: string) => string;
	/** Waits the given number of milliseconds, or until the signal aborts. */
	readonly wait: (milliseconds: number, signal: AbortSignal) => Promise<void>;
	/** Called for each entry that a change has outdated. */
	readonly onInvalidate?: (key: string) => void;
	/** Called for each stale value that is served. */
	readonly onStale: (key: string, ageMs: number, reason: unknown) => void;
	readonly shared: SharedCacheState;
}

/** Counts since the start, except `entries` and `bytes`. */
export interface RevalidatingCacheStats {
	entries: number;
	/** About what the entries take in memory. */
	bytes: number;
	/** Served from the cache. */
	hits: number;
	/** Waited for the source. */
	misses: number;
	/** Revalidated in the background. */
	refreshes: number;
	/** Served although stale, because the source gave no new value. */
	stale: number;
}

export interface RevalidatingCache<V> {
	/**
	 * The cached value, at once, or the source's. No value is returned while a newer one is cached.
	 *
	 * @param staleTimes overrides the cache's
	 * @returns a promise that rejects with the source's error if there is nothing to serve
	 */
	get(key: string, signal?: AbortSignal, staleTimes?: StaleTimes): V | Promise<V>;
	/** The source's value, whatever is cached, read again unless a look-up is in progress. */
	reread(key: string, signal?: AbortSignal): Promise<V>;
	/**
	 * Caches a value before somebody asks for it: unless one is current already, or other entries would be evicted for it,
	 * or a change overtakes the look-up.
	 *
	 * @param look gives nothing if that takes too much
	 * @returns the current value, if there is one now
	 */
	prepare(key: string, look: () => Promise<V | undefined>): Promise<V | undefined>;
	/** The entry, however old; counts as a use of it. */
	peek(key: string): CacheEntry<V> | undefined;
	/** The newer of the entry and the superset's. */
	newest(key: string): CacheEntry<V> | undefined;
	/** The look-up in progress. */
	running(key: string): LookUp<V> | undefined;
	delete(key: string): void;
	/** Marks the entry as outdated. It still serves as the last good value. */
	invalidate(key: string): void;
	/** Invalidates every entry with the tag. */
	invalidateTag(tag: string): void;
	invalidateAll(): void;
	stats(): RevalidatingCacheStats;
}

/**
 * Look-ups in progress at which keys that are not known are refused: callers who gave up leave theirs behind, and made-up
 * keys have no end. Each takes a few kilobytes. Known keys are looked up all the same: their number is bounded. A scope
 * may have as many as are left for others, as in admission.ts.
 */
const MOST_LOOK_UPS = 10_000;
const TOO_MANY = new GuestwireError(
	"cloud-unavailable",
	"too many look-ups wait for the cloud: run guestwire doctor to see why it is slow",
);

const toValue = <V>({ value }: Answer<V>): V => value;

export function createRevalidatingCache<V>(options: RevalidatingCacheOptions<V>): RevalidatingCache<V> {
	const { now, times, shared, isAbsent, sourceAge = 0 } = options;
	const entries = createTaggedEntries<V>(options);
	const failures = createFailures(times.failureTtl, now);
	const counts = { hits: 0, misses: 0, refreshes: 0, stale: 0 };

	function ageOf(key: string, { value, askedAt, isOutdated }: CacheEntry<V>): number {
		const age = now() - askedAt + sourceAge;
		return isOutdated ? age : Math.min(age, options.verifiedAge?.(key, value) ?? age);
	}

	function newest(key: string): CacheEntry<V> | undefined {
		const [own, other] = [entries.get(key), options.superset?.peek(key)];
		return own === undefined || (other !== undefined && isNewer(other.askedAt, own)) ? other : own;
	}

	/** What is returned stays the newest value. */
	function store(key: string, found: CacheEntry<V>, isCurrent: boolean): CacheEntry<V> {
		failures.succeed();
		shared.oldestStale = Number.POSITIVE_INFINITY;
		if (isCurrent) failures.delete(key);
		const known = newest(key);
		if (known !== undefined && staysNewest(known, found, isCurrent)) return known;
		const entry = { ...found, value: options.intern(key, found.value, found.askedAt) };
		entries.set(key, entry);
		return entry;
	}

	/** Look-ups in progress of keys that may be made up, by scope. */
	const scopes = createKeyCounts();
	const { changes } = shared;
	const lookUps = createLookUps<V>({
		...{ now, ask: options.ask, changes, tagsOf: options.tagsOf, newest },
		runningElsewhere: (key) => options.superset?.running(key),
		onFound: store,
		onError: failures.add,
	});
	const preparation = createPreparation<V>({
		...{ entries, now, changes, tagsOf: options.tagsOf, isAbsent, intern: options.intern },
		isYoung: (key, entry) => ageOf(key, entry) < times.revalidateAfter,
		isLookedUp: (key) => lookUps.running(key) !== undefined,
	});

	/**
	 * If the value is too old to serve, waits for a look-up that is in flight, or rejects with the reason.
	 *
	 * @param known the newest
	 */
	function serveStale(
		key: string,
		known: CacheEntry<V>,
		reason: unknown,
		{ staleIfError }: StaleTimes,
	): V | Promise<V> {
		const { value, askedAt } = known;
		const age = ageOf(key, known);
		if (age >= staleIfError) return lookUps.running(key)?.answer.then(toValue) ?? Promise.reject(reason);
		counts.stale++;
		shared.oldestStale = Math.min(shared.oldestStale, askedAt);
		options.onStale(key, age, reason);
		return value;
	}

	async function revalidateOrServeStale(key: string, known: CacheEntry<V>, staleTimes: StaleTimes): Promise<V> {
		const answered = new AbortController();
		const slow = options.wait(staleTimes.revalidateTimeout, answered.signal).then(() => {
			const waited = `no answer from the cloud within ${staleTimes.revalidateTimeout} ms`;
			const error = new GuestwireError("cloud-unavailable", waited);
			failures.add(key, error);
			throw error;
		});
		slow.catch(() => {}); // the answer may come first
		try {
			return (await Promise.race([lookUps.ask(key), slow])).value;
		} catch (error) {
			return serveStale(key, newest(key) ?? known, error, staleTimes);
		} finally {
			answered.abort();
		}
	}

	function serveKnown(key: string, known: CacheEntry<V>, staleTimes: StaleTimes): V | Promise<V> {
		const { isOutdated } = known;
		const age = isOutdated ? Number.POSITIVE_INFINITY : ageOf(key, known);
		const isNew = !isOutdated && now() - known.receivedAt < times.minServed;
		if (age < times.maxAge || isNew) {
			counts.hits++;
			if (age >= times.revalidateAfter && !isNew) revalidateInBackground(key);
			return known.value;
		}
		const oldest = lookUps.oldest();
		const isDown = failures.isDown(oldest !== undefined && now() - oldest.askedAt >= staleTimes.revalidateTimeout);
		if (isDown) revalidateInBackground(key);
		if (isDown || failures.isFailing(key)) return serveStale(key, known, failures.reasonFor(key), staleTimes);
		counts.misses++;
		return revalidateOrServeStale(key, known, staleTimes);
	}

	function revalidateInBackground(key: string): void {
		if (lookUps.running(key) !== undefined || failures.isFailing(key)) return;
		counts.refreshes++;
		lookUps.ask(key);
	}

	function askAndWait(key: string, signal: AbortSignal | undefined, reread: boolean): Promise<V> {
		if (failures.isFailing(key)) return Promise.reject(failures.reasonFor(key));
		const known = newest(key);
		const mayBeMadeUp = known === undefined || isAbsent(known.value);
		if (mayBeMadeUp && lookUps.running(key) === undefined) {
			const scope = options.scopeOf?.(key) ?? key;
			if (scopes.of(scope) >= MOST_LOOK_UPS - lookUps.size()) return Promise.reject(TOO_MANY);
			const end = () => void scopes.remove(scope);
			scopes.add(scope);
			lookUps.ask(key, reread).then(end, end);
		}
		counts.misses++;
		return withAbort(lookUps.ask(key, reread).then(toValue), signal);
	}

	function invalidate(key: string): void {
		const entry = entries.get(key);
		if (entry !== undefined) {
			entry.isOutdated = true;
			options.onInvalidate?.(key);
		}
		preparation.invalidate(key);
		lookUps.invalidate(key);
		failures.delete(key);
	}

	return {
		get(key, signal, staleTimes = times) {
			const known = newest(key);
			if (known !== undefined && !isAbsent(known.value)) {
				const value = serveKnown(key, known, staleTimes);
				return value instanceof Promise ? withAbort(value, signal) : value;
			}
			if (known !== undefined && !known.isOutdated && now() - known.askedAt < times.negativeTtl) {
				counts.hits++;
				return known.value;
			}
			return askAndWait(key, signal, false);
		},
		reread: (key, signal) => askAndWait(key, signal, true),
		prepare: preparation.prepare,
		peek: (key) => entries.get(key),
		newest,
		running: lookUps.running,
		delete: (key) => entries.delete(key),
		invalidate,
		invalidateTag(tag) {
			for (const key of entries.keysOf(tag)) invalidate(key);
		},
		invalidateAll() {
			for (const key of entries.keys()) invalidate(key);
			for (const key of [...lookUps.keys(), ...preparation.keys()]) invalidate(key);
		},
		stats: () => ({ ...counts, entries: entries.size(), bytes: entries.bytes() }),
	};
}
