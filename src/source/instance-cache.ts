import { isDeepStrictEqual } from "node:util";
import { GuestwireError } from "../errors.ts";
import type { Detail, Instance } from "../instance/instance.ts";
import { type Answer, createShelf, type Outage, type Shelf, type ShelfStats, withAbort } from "./revalidating-cache.ts";
import type { InstanceSummary, Owner, PortQuery, Source } from "./source.ts";

export interface InstanceCacheOptions {
	/**
	 * Seconds up to which an answer may be given as the cloud's present one: 15, as Nova's `metadata_cache_expiration`.
	 * A change in the cloud is seen by the first request this long after it. In the last third an answer is asked for
	 * again behind it, so that a guest that polls never waits. `Infinity` for a cloud that tells of every change.
	 */
	readonly freshness?: number;
	/** Most instances kept; 20,000. */
	readonly max?: number;
	/** Called for each answer given although it is too old, because the cloud gave no new one; for the log. */
	readonly onStale?: (what: { readonly key: string; readonly ageSeconds: number; readonly reason: unknown }) => void;
	/** Milliseconds of a clock that never jumps. */
	readonly now?: () => number;
}

/** Counts since the start. */
export interface InstanceCacheStats {
	/** Answers kept. */
	readonly entries: number;
	/** Answered from memory, and fresh. */
	readonly hits: number;
	/** Had to wait for the cloud. */
	readonly misses: number;
	/** Asked for again behind an answer. */
	readonly refreshes: number;
	/** Answered with an old answer because the cloud gave no new one. */
	readonly staleAnswers: number;
	/** Age in seconds of the oldest answer given since the cloud last answered; 0 while it does. */
	readonly oldestStaleSeconds: number;
}

/** The cache in front of any cloud. */
export interface InstanceCache {
	/**
	 * The instance, or undefined when the cloud has none of this id. A warm answer comes back at once, not as a promise,
	 * and is the same object as long as the facts are the same. `signal` lets a caller give up (rejects with the
	 * signal's reason); the look-up goes on for the others.
	 *
	 * @param id lower case
	 * @throws GuestwireError `cloud-unavailable`, `cloud-answer`: only when nothing is known of the instance
	 */
	get(id: string, detail: Detail, signal?: AbortSignal): Instance | undefined | Promise<Instance | undefined>;
	/**
	 * As `get`, for a caller to whom something newer says otherwise: the cloud is asked, unless what is kept is younger
	 * than a second. However many ask, that is one look-up of an instance and need a second at most.
	 *
	 * @throws GuestwireError `cloud-unavailable`, `cloud-answer`: what is kept is no answer to that
	 */
	revalidate: InstanceCache["get"];
	/** As `Source.owners`. Errors as `get`. */
	owners(query: PortQuery, signal?: AbortSignal): Promise<readonly Owner[]>;
	/** Every instance, as the cloud lists them now. */
	list(signal?: AbortSignal): Promise<readonly InstanceSummary[]>;
	stats(): InstanceCacheStats;
	/** Ends the look-ups under way and closes the cloud. */
	close(): Promise<void>;
}

/** Whose address it is may change with a new instance: a shorter memory than for what an instance is. Seconds. */
const OWNER_FRESHNESS = 5;
/** An instance that was just denied, or a look-up that just failed. Seconds. */
const BRIEF = 2;
/** An address may be another instance's by now: a document is given however old, its owner's name is not. Seconds. */
const LAST_OWNER = 300;
/** Longer than any request waits: a cloud that is merely slow is no reason to name an old owner. Seconds. */
const OWNER_PATIENCE = 30;
/** From one look-up to the next that callers of `revalidate` cause. Seconds. */
const AGAIN = 1;
/** Leaves enough of a request's 5 s to answer with the last good answer. Seconds. */
const PATIENCE = 2;

const timesFor = (freshness: number) => ({
	renew: (freshness * 2000) / 3,
	fresh: freshness * 1000,
	brief: BRIEF * 1000,
	patience: PATIENCE * 1000,
	last: Number.POSITIVE_INFINITY,
});

/** Of what two shelves keep, what tells the later news. */
function newer<V>(a: Answer<V> | undefined, b: Answer<V> | undefined): Answer<V> | undefined {
	if (a === undefined || b === undefined) return a ?? b;
	if (a.outdated !== b.outdated) return a.outdated ? b : a;
	return a.askedAt >= b.askedAt ? a : b;
}

/**
 * The cache in front of a cloud. One look-up at a time for an instance, however many callers; bounded; an answer that
 * is too old is still given, and counted, when the cloud can't be reached.
 */
export function createInstanceCache(source: Source, options: InstanceCacheOptions = {}): InstanceCache {
	const { freshness = 15, max = 20_000, now = () => performance.now() } = options;
	const closing = new AbortController();
	const onStale = (key: string, ageMs: number, reason: unknown) =>
		options.onStale?.({ key, ageSeconds: ageMs / 1000, reason });

	/** An equal instance that is kept already: documents made from it stay good. */
	function adopt(id: string, instance: Instance | undefined): Instance | undefined {
		const known = [whole, wiring, record].map((shelf) => shelf.recall(id)?.value);
		return known.find((old) => old !== undefined && isDeepStrictEqual(old, instance)) ?? instance;
	}

	const outage: Outage = { oldestStale: Number.POSITIVE_INFINITY };
	const common = { times: timesFor(freshness), max, now, onStale, outage };
	const ofInstances = { ...common, isAbsent: (instance: Instance | undefined) => instance === undefined };
	const part = (detail: Detail): Shelf<Instance | undefined> =>
		createShelf({
			...ofInstances,
			ask: (id) => whole.flight(id) ?? source.instance(id, detail, closing.signal),
			adopt,
		});
	const wiring = part("wiring");
	const record = part("server");
	const whole: Shelf<Instance | undefined> = createShelf({
		...ofInstances,
		ask: (id) => source.instance(id, "all", closing.signal),
		adopt(id, instance) {
			const kept = adopt(id, instance);
			wiring.delete(id);
			record.delete(id);
			return kept;
		},
	});
	const owners: Shelf<readonly Owner[]> = createShelf({
		...common,
		times: {
			...timesFor(freshness === Number.POSITIVE_INFINITY ? freshness : Math.min(freshness, OWNER_FRESHNESS)),
			patience: OWNER_PATIENCE * 1000,
			last: LAST_OWNER * 1000,
		},
		isAbsent: (found) => found.length === 0,
		ask: (key) => source.owners(JSON.parse(key), closing.signal),
		adopt: (_key, found) => found,
	});

	source.onChange?.(({ kind, ids }) => {
		if (kind === "address" || kind === "router") return owners.outdate();
		const affected = kind === "server" ? ids : [undefined];
		for (const shelf of [whole, wiring, record]) for (const id of affected) shelf.outdate(id);
	});

	const shelfFor = { all: whole, wiring, server: record };
	const recall = (id: string, detail: Detail) => newer(whole.recall(id), shelfFor[detail].recall(id));

	return {
		get: (id, detail, signal) => shelfFor[detail].get(id, signal, recall(id, detail)),
		revalidate(id, detail, signal) {
			const known = recall(id, detail);
			const isYoung = known !== undefined && now() - known.askedAt < AGAIN * 1000;
			return isYoung ? known.value : shelfFor[detail].ask(id, signal);
		},
		async owners({ networkId, routerId, address, macAddress }, signal) {
			return owners.get(JSON.stringify({ networkId, routerId, address, macAddress }), signal);
		},
		list: (signal) => withAbort(source.list(closing.signal), signal),
		stats() {
			const shelves = [whole, wiring, record, owners].map((shelf) => shelf.stats());
			const sum = (count: keyof ShelfStats) => shelves.reduce((total, stats) => total + stats[count], 0);
			return {
				entries: sum("entries"),
				hits: sum("hits"),
				misses: sum("misses"),
				refreshes: sum("refreshes"),
				staleAnswers: sum("stale"),
				oldestStaleSeconds: Math.max(0, now() - outage.oldestStale) / 1000,
			};
		},
		async close() {
			closing.abort(new GuestwireError("cloud-unavailable", "the service is closing"));
			await source.close();
		},
	};
}
