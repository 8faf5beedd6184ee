/** Look-ups made at nearly the same moment share one round of calls. */
import DataLoader from "dataloader";
import { type Shared, shared } from "./shared.ts";

export interface BatchOptions<T> {
	/**
	 * One round: what is found for each of the (different) keys, or the error for it.
	 *
	 * @param resolve delivers a key's result before the round ends
	 */
	readonly ask: (keys: readonly string[], resolve: Resolve<T>) => Promise<ReadonlyMap<string, T | Error>>;
	/** The result for a key that `ask` finds nothing for. */
	readonly none: T;
	/** Milliseconds for which a result serves later look-ups too; 0: only those in its round. */
	readonly share: number;
	/** Announces when a burst of look-ups is gathered here. */
	readonly leads?: Burst | undefined;
	/** Rounds wait for this burst to end, because it leads to look-ups here. */
	readonly follows?: Burst | undefined;
}

/** Delivers the result for a key. Only the first one counts. */
export type Resolve<T> = (key: string, result: T | Error) => void;

/** Many look-ups at nearly the same moment, which lead to many others. */
export interface Burst {
	/** Settles when they are answered. */
	ended: Promise<unknown>;
}

/** A round starts once no look-up has come for this long and no socket is waiting to be read … Milliseconds. */
const QUIET = 3;
/** … or, from this number of look-ups on, for longer, since many instances boot and more look-ups are on their way … */
const BURST = 8;
const QUIET_IN_BURST = 15;
/** … or its first look-up has waited this long. */
const LONGEST = 100;
/** A round gathers look-ups while the previous one runs, but not longer than this, or in a burst … */
const LONGEST_BEHIND = 250;
const LONGEST_BEHIND_IN_BURST = 1000;
/** … and while the burst it follows goes on, but not longer than this, and not if a round has this many look-ups already. */
const LONGEST_BEHIND_BURST = 1000;
const ENOUGH = 250;

const wait = (ms: number) => new Promise<void>((resolve) => void setTimeout(resolve, ms));
/** Timers run before sockets: in a process that was held up, quiet may only mean that nothing was read yet. */
const untilRead = () => new Promise<void>((resolve) => void setImmediate(() => setImmediate(resolve)));
/** Does not keep the process alive: what is waited for does. */
export const waitAtMost = (ms: number) => new Promise<void>((resolve) => void setTimeout(resolve, ms).unref());

/** Gathers look-ups into rounds: a burst of any size needs about two of them. */
export function createBatch<T>({ ask, none, share, leads, follows }: BatchOptions<T>): Shared<T> {
	let lookUps = 0;
	/** Whom to tell when a number of look-ups has been made. */
	let target = { lookUps: Number.POSITIVE_INFINITY, reached: () => {} };
	let running: Promise<unknown> = Promise.resolve();

	/** Waits until this many look-ups have been made in all. One caller at a time waits. */
	function until(count: number): Promise<void> {
		return new Promise((resolve) => {
			if (lookUps >= count) resolve();
			else target = { lookUps: count, reached: resolve };
		});
	}

	async function dispatchWhenQuiet(dispatch: () => void): Promise<void> {
		const [since, before, answered] = [performance.now(), lookUps, Promise.withResolvers<void>()];
		const isBurst = () => lookUps - before >= BURST;
		let known: number;
		do {
			known = lookUps;
			if (isBurst() && leads) leads.ended = answered.promise;
			await wait(isBurst() ? QUIET_IN_BURST : QUIET);
			await untilRead();
		} while (lookUps > known && performance.now() - since < LONGEST);
		await Promise.race([running, waitAtMost(isBurst() ? LONGEST_BEHIND_IN_BURST : LONGEST_BEHIND)]);
		if (follows) await Promise.race([follows.ended, waitAtMost(LONGEST_BEHIND_BURST), until(before + ENOUGH)]);
		dispatch();
		running.finally(answered.resolve);
	}

	async function round(keys: readonly string[]): Promise<readonly (() => Promise<T> | T)[]> {
		const { results, ended } = startRound(keys, ask, none);
		running = ended;
		return results;
	}

	const loader = new DataLoader(round, {
		cache: false,
		batchScheduleFn: (dispatch) => void dispatchWhenQuiet(dispatch),
	});
	const load = (key: string) => {
		lookUps++;
		if (lookUps >= target.lookUps) target.reached();
		return loader.load(key).then((result) => result());
	};
	return shared(load, share);
}

/** Returns at once; the results come one by one. */
function startRound<T>(keys: readonly string[], ask: BatchOptions<T>["ask"], none: T) {
	const results = new Map(keys.map((key) => [key, Promise.withResolvers<T>()]));
	const resolve: Resolve<T> = (key, result) => {
		if (result instanceof Error) results.get(key)?.reject(result);
		else results.get(key)?.resolve(result);
	};
	const resolveRest = (resultOf: (key: string) => T | Error) => {
		for (const key of results.keys()) resolve(key, resultOf(key));
	};
	const ended = ask([...results.keys()], resolve).then(
		(found) => resolveRest((key) => found.get(key) ?? none),
		(error: Error) => resolveRest(() => error),
	);
	return { results: keys.map((key) => () => results.get(key)?.promise ?? none), ended };
}
