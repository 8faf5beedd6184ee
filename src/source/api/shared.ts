import { LRUCache } from "lru-cache";

/** A look-up whose results are shared for a short time. */
export interface Shared<T> {
	(key: string): Promise<T>;
	/** Forgets the result for a key, and a look-up in progress: the next caller starts a new one. */
	invalidate(key: string): void;
	/** Forgets everything. */
	clear(): void;
}

/** Results kept. */
const MOST_SHARED = 10_000;

/**
 * Shares a look-up by key: while it is in progress, so that a slow API is not asked twice, and afterwards until the result
 * is older than `milliseconds`, counted from when it was asked for. Failures are not shared, nor are results that are not
 * worth keeping.
 *
 * @param milliseconds 0: nothing is shared
 */
export function shared<T>(
	load: (key: string) => Promise<T>,
	milliseconds: number,
	isWorthKeeping: (result: T) => boolean = () => true,
): Shared<T> {
	if (milliseconds === 0) return Object.assign((key: string) => load(key), { invalidate() {}, clear() {} });
	const known = new LRUCache<string, { readonly promise: Promise<T>; goodUntil: number }>({ max: MOST_SHARED });
	const dropExpired = (now: number) => {
		const oldest = () => known.rvalues().next().value?.goodUntil ?? Number.POSITIVE_INFINITY;
		while (oldest() <= now) known.pop();
	};
	const find = (key: string) => {
		const cached = known.get(key);
		const now = performance.now();
		if (cached !== undefined && now < cached.goodUntil) return cached.promise;
		dropExpired(now);
		const entry = { promise: load(key), goodUntil: Number.POSITIVE_INFINITY };
		known.set(key, entry);
		const drop = () => known.peek(key) === entry && known.delete(key);
		entry.promise.then((result) => {
			entry.goodUntil = now + milliseconds;
			if (!isWorthKeeping(result)) drop();
		}, drop);
		return entry.promise;
	};
	return Object.assign(find, { invalidate: (key: string) => void known.delete(key), clear: () => known.clear() });
}
