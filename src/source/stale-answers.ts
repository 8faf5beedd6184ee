/** What callers get whose value is stale: a new one if it comes in time, otherwise the stale one if that still serves. */
import { GuestwireError } from "../errors.ts";
import type { LookUps } from "./cache-look-ups.ts";
import type { StaleTimes } from "./cache-times.ts";
import type { CachedValues } from "./cached-values.ts";
import type { Failures } from "./failures.ts";
import type { CacheEntry } from "./tagged-entries.ts";

export interface StaleAnswersOptions<V> {
	readonly values: Pick<CachedValues<V>, "newest" | "ageOf">;
	readonly lookUps: Pick<LookUps<V>, "ask" | "running">;
	readonly failures: Pick<Failures, "add">;
	/** Waits the given number of milliseconds, or until the signal aborts. */
	readonly wait: (milliseconds: number, signal: AbortSignal) => Promise<void>;
	/** Called for each stale value that is served. */
	readonly onServe: (key: string, known: CacheEntry<V>, ageMs: number, reason: unknown) => void;
}

export interface StaleAnswers<V> {
	/**
	 * The stale value. If it is too old to serve, the answer of a look-up that is in progress.
	 *
	 * @param known the newest
	 * @param reason why there is no new value; rejects with it if there is nothing to serve
	 */
	serve(key: string, known: CacheEntry<V>, reason: unknown, times: StaleTimes): V | Promise<V>;
	/** Looks up a new value, and waits for it before it serves the stale one. */
	lookUpOrServe(key: string, known: CacheEntry<V>, times: StaleTimes): Promise<V>;
}

export function createStaleAnswers<V>(options: StaleAnswersOptions<V>): StaleAnswers<V> {
	const { values, lookUps, failures } = options;

	function serve(key: string, known: CacheEntry<V>, reason: unknown, { staleIfError }: StaleTimes): V | Promise<V> {
		const age = values.ageOf(key, known);
		if (age >= staleIfError) {
			return lookUps.running(key)?.answer.then(({ value }) => value) ?? Promise.reject(reason);
		}
		options.onServe(key, known, age, reason);
		return known.value;
	}

	return {
		serve,
		async lookUpOrServe(key, known, times) {
			const answered = new AbortController();
			const slow = options.wait(times.revalidateTimeout, answered.signal).then(() => {
				const waited = `no answer from the cloud within ${times.revalidateTimeout} ms`;
				const error = new GuestwireError("cloud-unavailable", waited);
				failures.add(key, error);
				throw error;
			});
			slow.catch(() => {}); // the answer may come first
			try {
				return (await Promise.race([lookUps.ask(key), slow])).value;
			} catch (error) {
				return serve(key, values.newest(key) ?? known, error, times);
			} finally {
				answered.abort();
			}
		},
	};
}
