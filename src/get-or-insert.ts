/** A `Map`, a `WeakMap` or a cache. */
interface Entries<K, V> {
	get(key: K): V | undefined;
	set(key: K, value: V): unknown;
}

/** The key's value, made and added if there is none. */
export function getOrInsert<K, V>(entries: Entries<K, V>, key: K, make: (key: K) => V): V {
	const known = entries.get(key);
	if (known !== undefined) return known;
	const made = make(key);
	entries.set(key, made);
	return made;
}
