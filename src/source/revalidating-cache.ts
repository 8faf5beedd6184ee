/**
 * A shelf keeps the last answer to each question: how old it may be, when it is asked for again, and what is said
 * while the cloud can't be reached. `Directory` has one for each kind of question.
 */
import { LRUCache } from "lru-cache";
import { GuestwireError } from "../errors.ts";

/** All in milliseconds. */
export interface ShelfTimes {
	/** An answer is given as it is up to this age. */
	readonly renew: number;
	/** From `renew` to this age an answer is given at once and asked for again behind it; beyond, it is awaited. */
	readonly fresh: number;
	/** How long an absence or a fault is remembered. */
	readonly brief: number;
	/** How long a caller waits for a new answer when an old one is known. */
	readonly patience: number;
	/** To this age an old answer is given while there is no new one. */
	readonly last: number;
}

export interface Answer<V> {
	readonly value: V;
	/** When it was asked for, in the clock's milliseconds: it can't be older news than that. */
	readonly askedAt: number;
	/** The cloud said that it may no longer hold. */
	outdated: boolean;
}

/** A look-up that is under way. */
export interface Flight<V> {
	readonly answer: Promise<V>;
	/** As an answer's. */
	readonly askedAt: number;
}

/** What shelves that ask the same cloud have in common. */
export interface Outage {
	/** When the oldest answer that was given for want of a new one was asked for; Infinity while the cloud answers. */
	oldestStale: number;
}

export interface ShelfOptions<V> {
	readonly times: ShelfTimes;
	/** Most answers kept. */
	readonly max: number;
	/** Milliseconds of a clock that never jumps. */
	readonly now: () => number;
	/** The cloud's answer, or another shelf's look-up that gives it too. */
	readonly ask: (key: string) => Promise<V> | Flight<V>;
	readonly isAbsent: (value: V) => boolean;
	/** The value to keep for an answer: an older, equal object, so that what was made from it stays good. */
	readonly adopt: (key: string, value: V) => V;
	readonly onStale: (key: string, ageMs: number, reason: unknown) => void;
	readonly outage: Outage;
}

export interface ShelfStats {
	entries: number;
	/** Answered from memory, and fresh. */
	hits: number;
	/** Had to wait for the cloud. */
	misses: number;
	/** Asked for again behind an answer. */
	refreshes: number;
	/** Answered with an old answer because the cloud gave no new one. */
	stale: number;
}

export interface Shelf<V> {
	/**
	 * What is kept for `key`, or the cloud's answer. `known` may stand for what is kept here, when another shelf has
	 * something newer. Throws or rejects when there is nothing to give.
	 */
	get(key: string, signal?: AbortSignal, known?: Answer<V>): V | Promise<V>;
	/** The cloud's answer, whatever is kept. */
	ask(key: string, signal?: AbortSignal): Promise<V>;
	/** What is kept, fresh or not; counts as a use of it. */
	recall(key: string): Answer<V> | undefined;
	flight(key: string): Flight<V> | undefined;
	delete(key: string): void;
	/** What is kept may no longer hold: for one key, or for all. It stays as the last good answer. */
	outdate(key?: string): void;
	stats(): ShelfStats;
}

/** The promise, or a rejection with the signal's reason as soon as the caller gives up: what it waited for goes on. */
export function withAbort<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
	if (signal === undefined) return promise;
	return new Promise((resolve, reject) => {
		const abandon = () => reject(signal.reason);
		signal.addEventListener("abort", abandon, { once: true });
		promise.then(resolve, reject).finally(() => signal.removeEventListener("abort", abandon));
		if (signal.aborted) abandon();
	});
}

const MOST_FAULTS = 1000;
/** So many keys fail one after the other: the cloud does, and not only what they stand for. */
const FAULTS_OF_CLOUD = 3;

const DOWN = new GuestwireError("cloud-unavailable", "the cloud doesn't answer");

export function createShelf<V>(options: ShelfOptions<V>): Shelf<V> {
	const { now, times } = options;
	const answers = new LRUCache<string, Answer<V>>({ max: options.max });
	const flights = new Map<string, Flight<V>>();
	const faults = new LRUCache<string, { readonly error: unknown; readonly until: number }>({ max: MOST_FAULTS });
	const counts = { hits: 0, misses: 0, refreshes: 0, stale: 0 };
	/** The keys whose look-ups failed since the last one that didn't. */
	const failing = new Set<string>();
	/** The cloud is taken for down until then: who has an old answer doesn't wait for a new one. */
	let restUntil = Number.NEGATIVE_INFINITY;

	function fail(key: string, error: unknown): void {
		faults.set(key, { error, until: now() + times.brief });
		if (!(error instanceof GuestwireError && error.code === "cloud-unavailable")) return;
		if (failing.size < FAULTS_OF_CLOUD) failing.add(key);
		if (failing.size === FAULTS_OF_CLOUD) restUntil = now() + times.brief;
	}

	/** One look-up a key, however many callers. An answer to a question from before a change is not kept. */
	function ask(key: string): Promise<V> {
		const underWay = flights.get(key);
		if (underWay !== undefined) return underWay.answer;
		const started = now();
		const asked = options.ask(key);
		const { answer: coming, askedAt } = asked instanceof Promise ? { answer: asked, askedAt: started } : asked;
		const land = () => flights.get(key) === flight && flights.delete(key);
		const answer = coming.then(
			(found) => {
				failing.clear();
				restUntil = Number.NEGATIVE_INFINITY;
				options.outage.oldestStale = Number.POSITIVE_INFINITY;
				if (!land()) return found;
				const value = options.adopt(key, found);
				faults.delete(key);
				answers.set(key, { value, askedAt, outdated: false });
				return value;
			},
			(error: unknown) => {
				if (land()) fail(key, error);
				throw error;
			},
		);
		answer.catch(() => {}); // every caller may have gone
		const flight: Flight<V> = { answer, askedAt };
		flights.set(key, flight);
		return answer;
	}

	/** @throws the reason, when the answer is too old for that */
	function stale(key: string, known: Answer<V>, reason: unknown): V {
		const age = now() - known.askedAt;
		if (age >= times.last) throw reason;
		counts.stale++;
		options.outage.oldestStale = Math.min(options.outage.oldestStale, known.askedAt);
		options.onStale(key, age, reason);
		return known.value;
	}

	async function freshOrStale(key: string, known: Answer<V>): Promise<V> {
		const slow = Promise.withResolvers<never>();
		const timer = setTimeout(() => {
			const error = new GuestwireError("cloud-unavailable", `the cloud took over ${times.patience} ms to answer`);
			fail(key, error);
			slow.reject(error);
		}, times.patience);
		try {
			return await Promise.race([ask(key), slow.promise]);
		} catch (error) {
			return stale(key, known, error);
		} finally {
			clearTimeout(timer);
		}
	}

	function getKnown(key: string, known: Answer<V>): V | Promise<V> {
		const age = known.outdated ? Number.POSITIVE_INFINITY : now() - known.askedAt;
		if (age < times.fresh) {
			counts.hits++;
			if (age >= times.renew) renew(key);
			return known.value;
		}
		const resting = now() < restUntil;
		if (resting) renew(key);
		if (resting || isFaulty(key)) return stale(key, known, faults.get(key)?.error ?? DOWN);
		counts.misses++;
		return freshOrStale(key, known);
	}

	/** Asks again behind an answer. */
	function renew(key: string): void {
		if (flights.has(key) || isFaulty(key)) return;
		counts.refreshes++;
		ask(key);
	}

	const isFaulty = (key: string) => now() < (faults.get(key)?.until ?? Number.NEGATIVE_INFINITY);

	function askAndWait(key: string, signal: AbortSignal | undefined): Promise<V> {
		if (isFaulty(key)) return Promise.reject(faults.get(key)?.error);
		counts.misses++;
		return withAbort(ask(key), signal);
	}

	return {
		get(key, signal, known = answers.get(key)) {
			if (known !== undefined && !options.isAbsent(known.value)) {
				const answer = getKnown(key, known);
				return answer instanceof Promise ? withAbort(answer, signal) : answer;
			}
			if (known !== undefined && !known.outdated && now() - known.askedAt < times.brief) {
				counts.hits++;
				return known.value;
			}
			return askAndWait(key, signal);
		},
		ask: askAndWait,
		recall: (key) => answers.get(key),
		flight: (key) => flights.get(key),
		delete: (key) => void answers.delete(key),
		outdate(key) {
			const concerned = key === undefined ? answers.values() : [answers.peek(key)];
			for (const answer of concerned) if (answer !== undefined) answer.outdated = true;
			if (key === undefined) {
				flights.clear();
				faults.clear();
			} else {
				flights.delete(key);
				faults.delete(key);
			}
		},
		stats: () => ({ ...counts, entries: answers.size }),
	};
}
