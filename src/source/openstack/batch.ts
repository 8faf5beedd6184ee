/** Look-ups that are made at nearly the same moment share one round of calls. */
import DataLoader from "dataloader";
import { LRUCache } from "lru-cache";

export interface BatchOptions<T> {
	/**
	 * One round: what is found for each of the (different) keys, or why it can't be told.
	 *
	 * @param tell gives a key's answer before the others'
	 */
	readonly ask: (keys: readonly string[], tell: Tell<T>) => Promise<ReadonlyMap<string, T | Error>>;
	/** What it is for a key that `ask` found nothing for. */
	readonly none: T;
	/** Milliseconds for which an answer serves later look-ups too; 0: only those that share its round. */
	readonly share: number;
	/** Told when a crowd's look-ups are gathered here. */
	readonly leads?: Crowd | undefined;
	/** A round waits for such a crowd: what it is looked up for here comes right after. */
	readonly follows?: Crowd | undefined;
}

/** A key's first answer counts. */
export type Tell<T> = (key: string, answer: T | Error) => void;

/** Many look-ups at nearly the same moment, which lead to many others. */
export interface Crowd {
	/** Settles when they are answered. */
	underWay: Promise<unknown>;
}

/** A round waits until no look-up came for so long, and none was waiting to be read … Milliseconds. */
const QUIET = 3;
/** … which is longer once so many came: then a crowd boots, and more are on their way … */
const CROWD = 8;
const QUIET_IN_CROWD = 15;
/** … or its first one has waited so long. */
const LONGEST = 100;
/** A round gathers on while the one before it is under way, but no longer than this … */
const LONGEST_BEHIND = 250;
/** … and while the crowd that it follows is, but no longer than this. */
const LONGEST_BEHIND_CROWD = 1000;
/** Keys of what is shared for a moment. */
const MOST_SHARED = 10_000;

const wait = (ms: number) => new Promise<void>((resolve) => void setTimeout(resolve, ms));
/** Timers come before sockets: in a process that is held up, quiet may only be what was not read yet. */
const untilRead = () => new Promise<void>((resolve) => void setImmediate(() => setImmediate(resolve)));
/** Keeps no process alive: the round that is waited for does. */
export const waitAtMost = (ms: number) => new Promise<void>((resolve) => void setTimeout(resolve, ms).unref());

/** Gathers look-ups into rounds: a burst of any size costs about two of them. */
export function createBatch<T>({ ask, none, share, leads, follows }: BatchOptions<T>): (key: string) => Promise<T> {
	let keys = 0;
	let underWay: Promise<unknown> = Promise.resolve();

	async function dispatchWhenQuiet(dispatch: () => void): Promise<void> {
		const [since, keysBefore, answered] = [performance.now(), keys, Promise.withResolvers<void>()];
		let known: number;
		do {
			known = keys;
			const isCrowd = keys - keysBefore >= CROWD;
			if (isCrowd && leads) leads.underWay = answered.promise;
			await wait(isCrowd ? QUIET_IN_CROWD : QUIET);
			await untilRead();
		} while (keys > known && performance.now() - since < LONGEST);
		await Promise.race([underWay, waitAtMost(LONGEST_BEHIND)]);
		await Promise.race([follows?.underWay, waitAtMost(LONGEST_BEHIND_CROWD)]);
		dispatch();
		underWay.finally(answered.resolve);
	}

	/** At once, with answers that come one by one. */
	async function round(keys: readonly string[]): Promise<(() => Promise<T> | T)[]> {
		const answers = new Map(keys.map((key) => [key, Promise.withResolvers<T>()]));
		const tell: Tell<T> = (key, answer) => {
			if (answer instanceof Error) answers.get(key)?.reject(answer);
			else answers.get(key)?.resolve(answer);
		};
		const tellRest = (answerTo: (key: string) => T | Error) => {
			for (const key of answers.keys()) tell(key, answerTo(key));
		};
		underWay = ask([...answers.keys()], tell).then(
			(found) => tellRest((key) => found.get(key) ?? none),
			(error: Error) => tellRest(() => error),
		);
		return keys.map((key) => () => answers.get(key)?.promise ?? none);
	}

	const loader = new DataLoader(round, {
		cache: false,
		batchScheduleFn: (dispatch) => void dispatchWhenQuiet(dispatch),
	});
	const load = (key: string) => {
		keys++;
		return loader.load(key).then((answer) => answer());
	};
	return share === 0 ? load : shared(load, share);
}

/**
 * One answer a key while it is under way, so that a slow cloud isn't asked twice, and until so long after it was asked for;
 * a failed one is nobody else's, nor is one not worth keeping.
 */
export function shared<T>(
	load: (key: string) => Promise<T>,
	milliseconds: number,
	isWorthKeeping: (answer: T) => boolean = () => true,
): (key: string) => Promise<T> {
	const known = new LRUCache<string, { readonly promise: Promise<T>; goodUntil: number }>({ max: MOST_SHARED });
	const dropEnded = (now: number) => {
		const oldest = () => known.rvalues().next().value?.goodUntil ?? Number.POSITIVE_INFINITY;
		while (oldest() <= now) known.pop();
	};
	return (key) => {
		const kept = known.get(key);
		const now = performance.now();
		if (kept !== undefined && now < kept.goodUntil) return kept.promise;
		dropEnded(now);
		const asked = { promise: load(key), goodUntil: Number.POSITIVE_INFINITY };
		known.set(key, asked);
		const drop = () => known.peek(key) === asked && known.delete(key);
		asked.promise.then((answer) => {
			asked.goodUntil = now + milliseconds;
			if (!isWorthKeeping(answer)) drop();
		}, drop);
		return asked.promise;
	};
}
