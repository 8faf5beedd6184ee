/** A map with several values per key. A single value is stored without a list: in a large inventory nearly all are single. */
export type Multimap<V extends object> = Map<string, V | V[]>;

export function add<V extends object>(map: Multimap<V>, key: string, value: V): void {
	const known = map.get(key);
	if (known === undefined) map.set(key, value);
	else if (Array.isArray(known)) known.push(value);
	else map.set(key, [known, value]);
}

/** In the order in which they were added. */
export function all<V extends object>(map: ReadonlyMap<string, V | V[]>, key: string): readonly V[] {
	const known = map.get(key);
	if (known === undefined) return [];
	return Array.isArray(known) ? known : [known];
}

export function groupBy<V extends object>(values: Iterable<V>, keyOf: (value: V) => string | null): Multimap<V> {
	const map: Multimap<V> = new Map();
	for (const value of values) {
		const key = keyOf(value);
		if (key !== null) add(map, key, value);
	}
	return map;
}
