/** Queries that fit in a request line. */

export type Query = readonly (readonly [name: string, value: string])[];

/** Path and query of a call, as bytes of a request line: eventlet's WSGI server stops at 8192 with method and version. */
const MOST_BYTES = 8000;

/** `a=1&b=2`, each part percent-encoded. */
export function toSearch(query: Query): string {
	return query.map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`).join("&");
}

/**
 * The values in as few lists as fit, in their order: a list's filters can all stand in one call. A value too long for
 * any line stands alone.
 *
 * @param filters what a value adds to the query
 * @param taken bytes of path and query that each call has anyway
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
