import { LRUCache } from "lru-cache";
import { getOrInsert } from "./get-or-insert.ts";

/** Characters of a text whose result is remembered, and how many results are: guests choose the texts. */
const MAX_LENGTH = 200;
const MAX_REMEMBERED = 1000;

/** A pure function that remembers its last results: guests send the same few texts. */
export function rememberedByText<T extends {}>(compute: (text: string) => T): (text: string) => T {
	const results = new LRUCache<string, T>({ max: MAX_REMEMBERED });
	return (text) => {
		if (text.length > MAX_LENGTH) return compute(text);
		return getOrInsert<string, T>(results, text, compute);
	};
}
