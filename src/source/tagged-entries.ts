/** The entries of a cache: bounded, and found by key or by what they were made from. */
import { LRUCache } from "lru-cache";
import { getOrInsert } from "../get-or-insert.ts";
import type { SharedRoom } from "./shared-room.ts";

export interface CacheEntry<V> {
	readonly value: V;
	/** When the value was asked for, in the clock's milliseconds: it can't reflect anything later. */
	readonly askedAt: number;
	/** When the value arrived, by the same clock. */
	readonly receivedAt: number;
	/** The source has reported a change since the value was asked for: it only serves while there is no newer one. */
	isOutdated: boolean;
}

export interface TaggedEntriesOptions<V> {
	/** For the entries with a value. */
	readonly room: SharedRoom;
	/** Bytes that a value takes in memory, with what is made from it. */
	readonly sizeOf: (value: V) => number;
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
	/** Sets an entry with a value, unless others would be evicted for it. @returns whether it was set */
	setIfRoom(key: string, entry: CacheEntry<V>): boolean;
	/** As SegmentedCache. */
	hasRoom(): boolean;
	/** Bytes of the entries with a value. */
	bytes(): number;
	/** Number of entries. */
	size(): number;
}

/** Which entries are evicted first: see createSegmentedCache. */
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

	const positive = options.room.part<CacheEntry<V>>({
		sizeOf: ({ value }) => options.sizeOf(value),
		onRemove: removeTags,
	});
	const negative = new LRUCache<string, CacheEntry<V>>({ max: options.maxAbsent, dispose: removeTags });
	return {
		get: (key) => positive.get(key) ?? negative.get(key),
		set(key, entry) {
			if (isAbsent(entry.value)) {
				positive.delete(key);
				negative.set(key, entry);
			} else {
				negative.delete(key);
				positive.set(key, entry);
			}
			addTags(key, entry.value);
		},
		setIfRoom(key, entry) {
			if (!positive.setIfRoom(key, entry)) return false;
			negative.delete(key);
			addTags(key, entry.value);
			return true;
		},
		delete(key) {
			positive.delete(key);
			negative.delete(key);
		},
		keys: () => [...positive.keys(), ...negative.keys()],
		hasRoom: positive.hasRoom,
		bytes: () => positive.bytes,
		keysOf: (tag) => [...(keysByTag.get(tag) ?? [])],
		size: () => positive.size + negative.size,
	};
}
