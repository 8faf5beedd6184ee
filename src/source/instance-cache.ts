/** The cache in front of a source: instances by id, and owners by port query. */
import { setTimeout } from "node:timers/promises";
import { LRUCache } from "lru-cache";
import { GuestwireError } from "../errors.ts";
import type { Detail, Instance } from "../instance/instance.ts";
import { instanceTimes } from "./cache-times.ts";
import { type CachesByDetail, createCachesByDetail } from "./caches-by-detail.ts";
import { createChangeLog } from "./change-log.ts";
import { tagsOfChange } from "./dependencies.ts";
import { createOwnerCache } from "./owner-cache.ts";
import type { RevalidatingCache, RevalidatingCacheStats, SharedCacheState } from "./revalidating-cache.ts";
import { createSharedRoom } from "./shared-room.ts";
import type { Change, InstanceSummary, Owner, PortQuery, Source } from "./source.ts";
import { withAbort } from "./with-abort.ts";

export interface InstanceCacheOptions {
	/**
	 * Seconds up to which an answer counts as current. Default 15, as Nova's `metadata_cache_expiration`. A change that
	 * the source does not report is seen by the first request after this time. In the last third an answer is revalidated
	 * in the background, so that a guest that polls never waits. `Infinity` for a source that reports every change.
	 */
	readonly maxAge?: number;
	/**
	 * Seconds for which the source may have kept an owner or an absence already: they are cached for less. At most 4.
	 * Default 0.
	 */
	readonly sourceAge?: number;
	/** About how many bytes cached instances, owners and documents may take. Default 256 MiB. */
	readonly maxBytes?: number;
	/** Most absences cached: they live for two seconds only. Default 5,000. */
	readonly maxAbsent?: number;
	/** Called for each answer that is served although it is too old, because the source gave no new one; for the log. */
	readonly onStale?: (what: { readonly key: string; readonly ageSeconds: number; readonly reason: unknown }) => void;
	/** Milliseconds of a monotonic clock. */
	readonly now?: () => number;
	/** Waits the given number of milliseconds by the same clock, or until the signal aborts. */
	readonly wait?: (milliseconds: number, signal: AbortSignal) => Promise<void>;
}

/** Counts since the start, except `entries`, `bytes` and `oldestStaleSeconds`. */
export interface InstanceCacheStats {
	/** Cached answers. */
	readonly entries: number;
	/** About what they take in memory. */
	readonly bytes: number;
	/** Answered from the cache. */
	readonly hits: number;
	/** Waited for the source. */
	readonly misses: number;
	/** Revalidated in the background. */
	readonly refreshes: number;
	/** Answered although stale, because the source gave no new answer. */
	readonly staleAnswers: number;
	/** Age in seconds of the oldest answer served since the source last answered; 0 while it answers. */
	readonly oldestStaleSeconds: number;
}

export interface InstanceCache {
	/**
	 * The instance, or undefined if the source has none with this id. A cached answer is returned at once, not as a
	 * promise, and is the same object as long as the facts are the same. With `signal` a caller can give up (rejects with
	 * the signal's reason); the look-up goes on for the others.
	 *
	 * @param id lower case
	 * @returns rejects with GuestwireError `cloud-unavailable` or `cloud-answer` only if nothing is known about the instance
	 */
	get(id: string, detail: Detail, signal?: AbortSignal): Instance | undefined | Promise<Instance | undefined>;
	/**
	 * As `get`, for a caller that has newer information which contradicts the cache: asks the source unless the cached
	 * answer is younger than a second. That is one look-up per instance, detail and second at most.
	 *
	 * @returns rejects with GuestwireError `cloud-unavailable` or `cloud-answer`, whatever is cached
	 */
	revalidate: InstanceCache["get"];
	/**
	 * Caches an instance that the source already knows, before its guest asks. It evicts no other.
	 *
	 * @param id lower case
	 * @returns the cached instance; undefined if the source does not know it in this detail, or there is no room
	 */
	prepare(id: string, detail: Detail): Promise<Instance | undefined>;
	/** Calls back with the id of each cached instance that a change has outdated. */
	onOutdated(listener: (id: string) => void): void;
	/**
	 * As `Source.owners`: at once if the answer is cached, like `get`.
	 *
	 * @param isPrivate whether private data depends on it: then the answer is at most 5 seconds old, even while the source
	 *   can't be reached; otherwise at most 300, or as old as what the source last knew, and a slow source is waited for no
	 *   longer than a second
	 * @returns rejects as `get`
	 */
	owners(query: PortQuery, signal?: AbortSignal, isPrivate?: boolean): readonly Owner[] | Promise<readonly Owner[]>;
	/** Every instance, as the source lists them now. */
	list(signal?: AbortSignal): Promise<readonly InstanceSummary[]>;
	stats(): InstanceCacheStats;
	/** Ends running look-ups and closes the source. */
	close(): Promise<void>;
}

const sleep = (milliseconds: number, signal: AbortSignal) => setTimeout(milliseconds, undefined, { signal });

const MAX_BYTES = 256 * 1024 * 1024;
const MAX_ABSENT = 5000;
/** The part of the memory for owners, for instances, and for those of an inventory, whose facts are in memory anyway. */
const OWNERS_SHARE = 0.1;
const INSTANCES_SHARE = 0.9;
const INVENTORY_SHARE = 0.3;
/** Between two look-ups that callers of `revalidate` cause. Seconds. */
const MIN_REVALIDATE_INTERVAL = 1;
/** Look-ups whose time is remembered. */
const MOST_REVALIDATED = 20_000;

/**
 * Creates the cache in front of a source. One look-up per instance at a time, however many callers; bounded; a stale
 * answer is served, and counted, while the source can't be reached. A change that the source reports invalidates what
 * depends on the changed resources, and nothing else.
 */
export function createInstanceCache(source: Source, options: InstanceCacheOptions = {}): InstanceCache {
	const { maxAge = 15, sourceAge = 0, now = () => performance.now(), wait = sleep } = options;
	const { maxBytes = MAX_BYTES, maxAbsent = MAX_ABSENT } = options;
	const closing = new AbortController();
	const shared: SharedCacheState = { changes: createChangeLog(), oldestStale: Number.POSITIVE_INFINITY };
	const onStale = (key: string, ageMs: number, reason: unknown) =>
		options.onStale?.({ key, ageSeconds: ageMs / 1000, reason });
	const common = { maxAbsent, now, wait, onStale, shared };

	const outdatedListeners: ((id: string) => void)[] = [];
	const byDetail = createCachesByDetail(
		{
			...common,
			room: createSharedRoom(maxBytes * (source.hasAllDetails ? INVENTORY_SHARE : INSTANCES_SHARE)),
			onInvalidate: (id) => {
				for (const listener of outdatedListeners) listener(id);
			},
			verifiedAge: (id) => source.verifiedAge?.(id) ?? Number.POSITIVE_INFINITY,
		},
		instanceTimes(maxAge, sourceAge),
		(id, detail, reread) => source.instance(id, detail, closing.signal, reread),
	);
	const owners = createOwnerCache(
		{ ...common, room: createSharedRoom(maxBytes * OWNERS_SHARE) },
		{ maxAge, sourceAge },
		source,
		closing.signal,
	);
	const instances = Object.values(byDetail);
	const caches = [...instances, owners.cache];
	source.onChange?.((change) => applyChange(change, shared, instances, caches));

	const kept = (detail: Detail): Detail => (source.hasAllDetails ? "all" : detail);
	return {
		get: (id, detail, signal) => byDetail[kept(detail)].get(id, signal),
		revalidate: createRevalidation(byDetail, kept, now),
		prepare: (id, detail) => byDetail[kept(detail)].prepare(id, () => knownTo(source, id, kept(detail), byDetail, now)),
		onOutdated: (listener) => void outdatedListeners.push(listener),
		owners: owners.get,
		list: (signal) => withAbort(source.list(closing.signal), signal),
		stats: () => statsOf(caches, Math.max(0, now() - shared.oldestStale)),
		async close() {
			closing.abort(new GuestwireError("cloud-unavailable", "the service is closing"));
			await source.close();
		},
	};
}

type Invalidated = Pick<RevalidatingCache<unknown>, "invalidate" | "invalidateTag" | "invalidateAll">;

/** Invalidates what depends on the changed resources. @param caches those of instances, and that of owners */
function applyChange(
	change: Change,
	{ changes }: SharedCacheState,
	instances: readonly Invalidated[],
	caches: readonly Invalidated[],
): void {
	if (change.kind === "everything") {
		changes.addEverything();
		for (const cache of caches) cache.invalidateAll();
		return;
	}
	for (const tag of tagsOfChange(change)) {
		changes.add(tag);
		for (const cache of caches) cache.invalidateTag(tag);
	}
	if (change.kind === "server") for (const cache of instances) for (const id of change.ids) cache.invalidate(id);
}

/** See `InstanceCache.revalidate`. @param kept the detail that an instance is kept with */
function createRevalidation(
	byDetail: CachesByDetail,
	kept: (detail: Detail) => Detail,
	now: () => number,
): InstanceCache["revalidate"] {
	/** When new facts were last asked for, by detail and id. */
	const revalidatedAt = new LRUCache<string, number>({ max: MOST_REVALIDATED });
	return (id, detail, signal) => {
		const cache = byDetail[kept(detail)];
		const known = cache.newest(id);
		const lookUp = `${kept(detail)} ${id}`;
		const before = revalidatedAt.get(lookUp) ?? Number.NEGATIVE_INFINITY;
		const isRecent = now() - before < MIN_REVALIDATE_INTERVAL * 1000;
		// What others asked for may have been known for longer: a mirror answers them.
		if (isRecent && known !== undefined && known.askedAt >= before) return known.value;
		revalidatedAt.set(lookUp, now());
		return cache.reread(id, signal);
	};
}

/** The instance as the source knows it already, unless a guest is answered newer facts of another detail meanwhile. */
async function knownTo(
	source: Pick<Source, "known">,
	id: string,
	detail: Detail,
	byDetail: CachesByDetail,
	now: () => number,
): Promise<Instance | undefined> {
	const startedAt = now();
	const found = await source.known?.(id, detail);
	const others = Object.values(byDetail).filter((cache) => cache !== byDetail[detail]);
	const isCurrent = others.every((cache) => (cache.peek(id)?.receivedAt ?? 0) < startedAt);
	return isCurrent ? found : undefined;
}

function statsOf(
	caches: readonly Pick<RevalidatingCache<unknown>, "stats">[],
	oldestStaleMs: number,
): InstanceCacheStats {
	const all = caches.map((cache) => cache.stats());
	const sum = (count: keyof RevalidatingCacheStats) => all.reduce((total, stats) => total + stats[count], 0);
	return {
		entries: sum("entries"),
		bytes: sum("bytes"),
		hits: sum("hits"),
		misses: sum("misses"),
		refreshes: sum("refreshes"),
		staleAnswers: sum("stale"),
		oldestStaleSeconds: oldestStaleMs / 1000,
	};
}
