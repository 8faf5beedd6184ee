/** Queries that fit in a request line. */

export type Query = readonly (readonly [name: string, value: string])[];

/** Bytes of path and query in a request line. Eventlet's WSGI server allows 8192 with method and version. */
const MOST_BYTES = 8000;

/** `a=1&b=2`, each part percent-encoded. */
export function toSearch(query: Query): string {
	return query.map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`).join("&");
}

/**
 * Splits the values into as few lists as possible, in order, so that the filters of a list fit into one call. A value that
 * is too long for any call gets a list of its own.
 *
 * @param filters what a value adds to the query
 * @param taken bytes of path and query that every call needs
 */
export function splitToFit<T>(values: readonly T[], filters: (value: T) => Query, taken: number): T[][] {
	const lists: T[][] = [];
	let room = 0;
	for (const value of values) {
		const size = toSearch(filters(value)).length + 1;
		let list = lists.at(-1);
		if (list === undefined || size > room) {
			list = [];
			lists.push(list);
			room = MOST_BYTES - taken;
		}
		list.push(value);
		room -= size;
	}
	return lists;
}
