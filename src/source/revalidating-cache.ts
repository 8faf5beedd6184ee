/**
 * A cache of a source's answers that serves them up to a maximum age, revalidates them in the background before that,
 * and falls back to older ones while the source can't be reached.
 */
import { GuestwireError } from "../errors.ts";
import type { LookUp } from "./answer-order.ts";
import { createLookUps } from "./cache-look-ups.ts";
import { createPreparation } from "./cache-preparation.ts";
import type { CacheTimes, StaleTimes } from "./cache-times.ts";
import { type CachedValuesOptions, createCachedValues } from "./cached-values.ts";
import type { ChangeLog } from "./change-log.ts";
import { createFailures, slowSource } from "./failures.ts";
import { createLookUpLimit } from "./look-up-limit.ts";
import { createStaleAnswers } from "./stale-answers.ts";
import type { CacheEntry } from "./tagged-entries.ts";
import { withAbort } from "./with-abort.ts";

/** What the caches of one source share. */
export interface SharedCacheState {
	readonly changes: ChangeLog;
	/** When the oldest value served in an outage was asked for; Infinity while the source answers. */
	oldestStale: number;
}

export interface RevalidatingCacheOptions<V> extends CachedValuesOptions<V> {
	readonly times: CacheTimes;
	/** Asks the source. @param reread as `Source.instance`'s */
	readonly ask: (key: string, reread: boolean) => Promise<V>;
	/** Another cache whose values serve as well, if they are newer: its look-ups are joined. */
	readonly superset?: Pick<RevalidatingCache<V>, "peek" | "running">;
	/** Whether a value for the key takes the place of others', in other caches with the same room. Default: never */
	readonly takesPlace?: (key: string) => boolean;
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

const TOO_MANY = new GuestwireError(
	"cloud-unavailable",
	"too many look-ups wait for the cloud: run guestwire doctor to see why it is slow",
);

export function createRevalidatingCache<V>(options: RevalidatingCacheOptions<V>): RevalidatingCache<V> {
	const cache = createParts(options);
	const { values, lookUps, preparation, counts } = cache;
	const { entries } = values;
	return {
		get: (key, signal, staleTimes = options.times) => get(cache, key, signal, staleTimes),
		reread: (key, signal) => askAndWait(cache, key, signal, true),
		prepare: preparation.prepare,
		peek: entries.get,
		newest: values.newest,
		running: lookUps.running,
		delete: entries.delete,
		invalidate: (key) => invalidate(cache, key),
		invalidateTag(tag) {
			for (const key of entries.keysOf(tag)) invalidate(cache, key);
		},
		invalidateAll() {
			for (const key of entries.keys()) invalidate(cache, key);
			for (const key of [...lookUps.keys(), ...preparation.keys()]) invalidate(cache, key);
		},
		stats: () => ({ ...counts, entries: entries.size(), bytes: entries.bytes() }),
	};
}

type Parts<V> = ReturnType<typeof createParts<V>>;

function createParts<V>(options: RevalidatingCacheOptions<V>) {
	const { now, times, isAbsent, tagsOf, shared, onInvalidate } = options;
	const { changes } = shared;
	const values = createCachedValues<V>(options);
	const failures = createFailures(times.failureTtl, now);
	const counts = { hits: 0, misses: 0, refreshes: 0, stale: 0 };
	const lookUps = createLookUps<V>({
		...{ now, ask: options.ask, changes, tagsOf, newest: values.newest },
		runningElsewhere: (key) => options.superset?.running(key),
		onFound(key, found, isCurrent) {
			failures.succeed(found.receivedAt - found.askedAt);
			shared.oldestStale = Number.POSITIVE_INFINITY;
			if (isCurrent) failures.delete(key);
			return values.store(key, found, isCurrent);
		},
		onError: failures.add,
	});
	const staleAnswers = createStaleAnswers<V>({
		...{ values, lookUps, failures, wait: options.wait },
		onServe(key, { askedAt }, ageMs, reason) {
			counts.stale++;
			shared.oldestStale = Math.min(shared.oldestStale, askedAt);
			options.onStale(key, ageMs, reason);
		},
	});
	const preparation = createPreparation<V>({
		...{ entries: values.entries, now, changes, tagsOf, isAbsent, intern: options.intern },
		isYoung: (key, entry) => values.ageOf(key, entry) < times.revalidateAfter,
		isLookedUp: (key) => lookUps.running(key) !== undefined,
		takesPlace: options.takesPlace ?? (() => false),
	});
	const limit = createLookUpLimit(options.scopeOf ?? ((key) => key));
	return { now, times, isAbsent, values, failures, counts, lookUps, staleAnswers, preparation, limit, onInvalidate };
}

function get<V>(cache: Parts<V>, key: string, signal: AbortSignal | undefined, staleTimes: StaleTimes): V | Promise<V> {
	const known = cache.values.newest(key);
	if (known !== undefined && !cache.isAbsent(known.value)) {
		const value = serveKnown(cache, key, known, staleTimes);
		return value instanceof Promise ? withAbort(value, signal) : value;
	}
	if (known !== undefined && !known.isOutdated && cache.now() - known.askedAt < cache.times.negativeTtl) {
		cache.counts.hits++;
		return known.value;
	}
	return askAndWait(cache, key, signal, false);
}

function serveKnown<V>(cache: Parts<V>, key: string, known: CacheEntry<V>, staleTimes: StaleTimes): V | Promise<V> {
	const { times, counts } = cache;
	const { isOutdated } = known;
	const age = isOutdated ? Number.POSITIVE_INFINITY : cache.values.ageOf(key, known);
	const isNew = !isOutdated && cache.now() - known.receivedAt < times.minServed;
	if (age >= times.maxAge && !isNew) return serveStale(cache, key, known, staleTimes);
	counts.hits++;
	if (age >= times.revalidateAfter && !isNew) revalidateInBackground(cache, key);
	return known.value;
}

/** Nobody waits for a source that is down, or too slow for its answer to come in time, or for what has just failed. */
function serveStale<V>(cache: Parts<V>, key: string, known: CacheEntry<V>, staleTimes: StaleTimes): V | Promise<V> {
	const { failures, lookUps, staleAnswers } = cache;
	const oldest = lookUps.oldest();
	const isHanging = oldest !== undefined && cache.now() - oldest.askedAt >= staleTimes.revalidateTimeout;
	const isDown = failures.isDown(isHanging);
	// What a change has outdated is waited for.
	const isSlow = staleTimes.skipsSlow && !known.isOutdated && failures.isSlow(staleTimes.revalidateTimeout);
	if (isDown || isSlow) revalidateInBackground(cache, key);
	if (isDown || failures.isFailing(key)) return staleAnswers.serve(key, known, failures.reasonFor(key), staleTimes);
	if (isSlow) return staleAnswers.serve(key, known, slowSource(staleTimes.revalidateTimeout), staleTimes);
	cache.counts.misses++;
	return staleAnswers.lookUpOrServe(key, known, staleTimes);
}

function revalidateInBackground<V>({ lookUps, failures, counts }: Parts<V>, key: string): void {
	if (lookUps.running(key) !== undefined || failures.isFailing(key)) return;
	counts.refreshes++;
	lookUps.ask(key);
}

/** The source's value. What has just failed is not asked for again. */
function askAndWait<V>(
	{ values, isAbsent, failures, lookUps, limit, counts }: Parts<V>,
	key: string,
	signal: AbortSignal | undefined,
	reread: boolean,
): Promise<V> {
	if (failures.isFailing(key)) return Promise.reject(failures.reasonFor(key));
	const known = values.newest(key);
	const mayBeMadeUp = known === undefined || isAbsent(known.value);
	if (mayBeMadeUp && lookUps.running(key) === undefined) {
		const end = limit(key, lookUps.size());
		if (end === undefined) return Promise.reject(TOO_MANY);
		lookUps.ask(key, reread).then(end, end);
	}
	counts.misses++;
	const answer = lookUps.ask(key, reread).then(({ value }) => value);
	return withAbort(answer, signal);
}

function invalidate<V>({ values, preparation, lookUps, failures, onInvalidate }: Parts<V>, key: string): void {
	const entry = values.entries.get(key);
	if (entry !== undefined) {
		entry.isOutdated = true;
		onInvalidate?.(key);
	}
	preparation.invalidate(key);
	lookUps.invalidate(key);
	failures.delete(key);
}
