/** The entries of a cache: bounded, and found by key or by what they were made from. */
import { LRUCache } from "lru-cache";
import { getOrInsert } from "../get-or-insert.ts";

export interface CacheEntry<V> {
	readonly value: V;
	/** When the value was asked for, in the clock's milliseconds: it can't reflect anything later. */
	readonly askedAt: number;
	/** The source has reported a change: the value only serves while there is no newer one. */
	invalidated: boolean;
}

export interface TaggedEntriesOptions<V> {
	/** Most entries with a value. */
	readonly max: number;
	/** Most entries that record an absence. They have room of their own: made-up keys must not evict real ones. */
	readonly maxAbsent: number;
	readonly isAbsent: (value: V) => boolean;
	/** The tags of an entry: whatever its value depends on. */
	readonly tagsOf: (key: string, value: V) => readonly string[];
}

export interface TaggedEntries<V> {
	/** The entry; counts as a use of it. */
	get(key: string): CacheEntry<V> | undefined;
	set(key: string, entry: CacheEntry<V>): void;
	delete(key: string): void;
	keys(): readonly string[];
	/** The keys of all entries with the tag. */
	keysOf(tag: string): readonly string[];
	/** Number of entries. */
	size(): number;
}

/** The entry unused for longest is evicted first. */
export function createTaggedEntries<V>(options: TaggedEntriesOptions<V>): TaggedEntries<V> {
	const { isAbsent, tagsOf } = options;
	const keysByTag = new Map<string, Set<string>>();

	function addTags(key: string, value: V): void {
		for (const tag of tagsOf(key, value)) getOrInsert(keysByTag, tag, () => new Set()).add(key);
	}

	const removeTags = ({ value }: CacheEntry<V>, key: string) => {
		for (const tag of tagsOf(key, value)) {
			const keys = keysByTag.get(tag);
			keys?.delete(key);
			if (keys?.size === 0) keysByTag.delete(tag);
		}
	};

	const present = new LRUCache<string, CacheEntry<V>>({ max: options.max, dispose: removeTags });
	const absent = new LRUCache<string, CacheEntry<V>>({ max: options.maxAbsent, dispose: removeTags });
	return {
		get: (key) => present.get(key) ?? absent.get(key),
		set(key, entry) {
			const [own, other] = isAbsent(entry.value) ? [absent, present] : [present, absent];
			other.delete(key);
			own.set(key, entry);
			addTags(key, entry.value);
		},
		delete(key) {
			present.delete(key);
			absent.delete(key);
		},
		keys: () => [...present.keys(), ...absent.keys()],
		keysOf: (tag) => [...(keysByTag.get(tag) ?? [])],
		size: () => present.size + absent.size,
	};
}
