/** Values that a cache gets before somebody asks for them. */
import { isNewer } from "./answer-order.ts";
import type { ChangeLog } from "./change-log.ts";
import type { CacheEntry, TaggedEntries } from "./tagged-entries.ts";

export interface PreparationOptions<V> {
	readonly entries: TaggedEntries<V>;
	/** Milliseconds of a monotonic clock. */
	readonly now: () => number;
	readonly changes: ChangeLog;
	readonly tagsOf: (key: string, value: V) => readonly string[];
	readonly isAbsent: (value: V) => boolean;
	/** As the cache's. */
	readonly intern: (key: string, value: V, askedAt: number) => V;
	/** Whether an entry needs no revalidation. */
	readonly isYoung: (key: string, entry: CacheEntry<V>) => boolean;
	readonly isLookedUp: (key: string) => boolean;
	/** See `RevalidatingCacheOptions`. */
	readonly takesPlace: (key: string) => boolean;
}

export interface Preparation<V> {
	/** See `RevalidatingCache.prepare`. */
	prepare(key: string, look: () => Promise<V | undefined>): Promise<V | undefined>;
	/** What is being prepared for the key is not cached. */
	invalidate(key: string): void;
	/** Keys that are being prepared, and have not been invalidated since. */
	keys(): readonly string[];
}

export function createPreparation<V>(options: PreparationOptions<V>): Preparation<V> {
	const { entries, now, changes } = options;
	const preparing = new Set<string>();

	/** @param known the entry before */
	function store(key: string, value: V, askedAt: number, known: CacheEntry<V> | undefined): V | undefined {
		const meanwhile = entries.get(key);
		if (meanwhile !== undefined && !isNewer(askedAt, meanwhile))
			return meanwhile.isOutdated ? undefined : meanwhile.value;
		const entry = { value: options.intern(key, value, askedAt), askedAt, receivedAt: now(), isOutdated: false };
		if (known !== undefined) entries.set(key, entry);
		else if (!entries.setIfRoom(key, entry)) return undefined;
		return entry.value;
	}

	return {
		async prepare(key, look) {
			const known = entries.get(key);
			if (known !== undefined && !known.isOutdated && options.isYoung(key, known)) return known.value;
			const hasRoom = known !== undefined || options.takesPlace(key) || entries.hasRoom();
			if (!hasRoom || options.isLookedUp(key) || preparing.has(key)) return undefined;
			const [askedAt, sequence] = [now(), changes.sequence()];
			preparing.add(key);
			const value = await look().catch(() => undefined);
			const isUnchanged = preparing.delete(key);
			if (value === undefined || !isUnchanged || options.isAbsent(value)) return undefined;
			if (changes.hasChangedSince(sequence, options.tagsOf(key, value))) return undefined;
			return store(key, value, askedAt, known);
		},
		invalidate: (key) => void preparing.delete(key),
		keys: () => [...preparing],
	};
}
