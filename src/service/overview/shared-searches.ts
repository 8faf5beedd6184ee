/** Pages that are open search for the same at the same time: one search is enough for all of them. */
import { LRUCache } from "lru-cache";
import { getOrInsert } from "../../get-or-insert.ts";

export interface SharedSearches<Query, Page> {
	search(query: Query): Promise<Page>;
	/** What is found looks different now. */
	forget(): void;
}

/** Milliseconds for which a result is shared, and how many results are. */
const MAX_AGE = 1000;
const MAX_RESULTS = 100;

export function createSharedSearches<Query extends object, Page>(
	search: (query: Query) => Promise<Page>,
): SharedSearches<Query, Page> {
	const results = new LRUCache<string, Promise<Page>>({ max: MAX_RESULTS, ttl: MAX_AGE });
	return {
		search(query) {
			const key = JSON.stringify(query, Object.keys(query).toSorted());
			return getOrInsert<string, Promise<Page>>(results, key, () => search(query));
		},
		forget: () => results.clear(),
	};
}
