/** A cache that is bounded in size and keeps what is used again and again. */
import { LRUCache } from "lru-cache";

export interface SegmentedCache<V> {
	/** Counts as a use. */
	get(key: string): V | undefined;
	set(key: string, value: V): void;
	/** Sets a value, unless others would be evicted for it. @returns whether it was set */
	setIfRoom(key: string, value: V): boolean;
	delete(key: string): void;
	keys(): string[];
	/** Whether a new entry evicts nothing, if it takes less than a hundredth of the room. */
	hasRoom(): boolean;
	readonly size: number;
	/** The size of all entries together. */
	readonly bytes: number;
}

export interface SegmentedCacheOptions<V> {
	readonly maxBytes: number;
	readonly sizeOf: (value: V) => number;
	/** Called for each value that is evicted, deleted or replaced. */
	readonly onRemove: (value: V, key: string) => void;
}

/** The part of the room for entries that were used once. */
const NEW_SHARE = 0.2;

interface Entry<V> {
	readonly value: V;
	readonly size: number;
}

/**
 * A segmented LRU (Karedla, Love, Wherry: "Caching strategies to improve disk system performance", 1994). New entries have
 * a part of the room for themselves. One that is used again moves to the others, of which the one unused for longest moves
 * back. So whatever is used only once evicts nothing else, and of a cycle through more than fits, what fits is kept.
 */
export function createSegmentedCache<V>({ maxBytes, sizeOf, onRemove }: SegmentedCacheOptions<V>): SegmentedCache<V> {
	const { room, probationary, protectedEntries, promote } = createSegments(maxBytes, onRemove);
	const measured = (value: V): Entry<V> => ({ value, size: Math.max(1, Math.ceil(sizeOf(value))) });
	const fits = (size: number) => protectedEntries.calculatedSize + size <= room;

	function add(key: string, entry: Entry<V>): void {
		if (!probationary.has(key) && (protectedEntries.has(key) || fits(entry.size))) protectedEntries.set(key, entry);
		else probationary.set(key, entry);
	}

	return {
		get(key) {
			const known = protectedEntries.get(key);
			if (known !== undefined) return known.value;
			const entry = probationary.peek(key);
			return entry && promote(key, entry);
		},
		set: (key, value) => add(key, measured(value)),
		setIfRoom(key, value) {
			const entry = measured(value);
			if (!fits(entry.size)) return false;
			add(key, entry);
			return true;
		},
		delete(key) {
			probationary.delete(key);
			protectedEntries.delete(key);
		},
		keys: () => [...protectedEntries.keys(), ...probationary.keys()],
		hasRoom: () => fits(room / 100),
		get size() {
			return protectedEntries.size + probationary.size;
		},
		get bytes() {
			return protectedEntries.calculatedSize + probationary.calculatedSize;
		},
	};
}

/** The two parts of the cache, between which entries move. */
function createSegments<V>(maxBytes: number, onRemove: SegmentedCacheOptions<V>["onRemove"]) {
	const roomForNew = Math.max(1, Math.floor(maxBytes * NEW_SHARE));
	const room = Math.max(1, Math.floor(maxBytes) - roomForNew);
	let moving: string | undefined;
	const probationary = new LRUCache<string, Entry<V>>({
		maxSize: roomForNew,
		// A larger one would not be kept at all.
		sizeCalculation: ({ size }) => Math.min(size, roomForNew),
		dispose: ({ value }, key) => {
			if (key !== moving) onRemove(value, key);
		},
	});
	const protectedEntries = new LRUCache<string, Entry<V>>({
		maxSize: room,
		sizeCalculation: ({ size }) => Math.min(size, room),
		dispose: (entry, key, reason) => {
			if (reason === "evict") probationary.set(key, entry);
			else onRemove(entry.value, key);
		},
	});

	/** Moves an entry that is used again. */
	function promote(key: string, entry: Entry<V>): V {
		moving = key;
		probationary.delete(key);
		moving = undefined;
		protectedEntries.set(key, entry);
		return entry.value;
	}

	return { room, probationary, protectedEntries, promote };
}
