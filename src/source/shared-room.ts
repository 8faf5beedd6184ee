/** Memory that several caches share: what one of them does not need, the others use. */
import { createSegmentedCache, type SegmentedCache, type SegmentedCacheOptions } from "./segmented-cache.ts";

export interface SharedRoom {
	/** A cache of its own in the room. Any entry of the room may be evicted for one of its own. */
	part<V>(options: Pick<SegmentedCacheOptions<V>, "sizeOf" | "onRemove">): SegmentedCache<V>;
}

/** An entry of any part. */
interface Held {
	readonly value: unknown;
	readonly size: number;
	readonly onRemove: (held: Held, key: string) => void;
}

/** @param maxBytes of all parts together */
export function createSharedRoom(maxBytes: number): SharedRoom {
	const cache = createSegmentedCache<Held>({
		maxBytes,
		sizeOf: ({ size }) => size,
		onRemove: (held, key) => held.onRemove(held, key),
	});
	let parts = 0;

	function part<V>({ sizeOf, onRemove }: Pick<SegmentedCacheOptions<V>, "sizeOf" | "onRemove">): SegmentedCache<V> {
		const prefix = `${parts++} `;
		const counts = { size: 0, bytes: 0 };
		const unwrap = (held: Held) => held.value as V;
		const count = ({ size }: Held, sign: 1 | -1) => {
			counts.size += sign;
			counts.bytes += sign * size;
		};
		const remove = (held: Held, key: string) => {
			count(held, -1);
			onRemove(unwrap(held), key.slice(prefix.length));
		};
		const hold = (value: V): Held => ({ value, size: Math.max(1, Math.ceil(sizeOf(value))), onRemove: remove });
		return {
			get(key) {
				const held = cache.get(prefix + key);
				return held && unwrap(held);
			},
			set(key, value) {
				const held = hold(value);
				count(held, 1);
				cache.set(prefix + key, held);
			},
			setIfRoom(key, value) {
				const held = hold(value);
				if (!cache.setIfRoom(prefix + key, held)) return false;
				count(held, 1);
				return true;
			},
			delete: (key) => cache.delete(prefix + key),
			keys: () => cache.keys().flatMap((key) => (key.startsWith(prefix) ? [key.slice(prefix.length)] : [])),
			hasRoom: cache.hasRoom,
			get size() {
				return counts.size;
			},
			get bytes() {
				return counts.bytes;
			},
		};
	}
	return { part };
}
