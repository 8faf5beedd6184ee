import { getOrInsert } from "./get-or-insert.ts";

/** The first item of each group, then the second of each, and so on: however many one group has, it gets no more room. */
export function inTurns<T>(items: Iterable<T>, groupOf: (item: T) => string): T[] {
	const sizes = new Map<string, number>();
	const ranked = Array.from(items, (item) => {
		const group = groupOf(item);
		const rank = getOrInsert(sizes, group, () => 0);
		sizes.set(group, rank + 1);
		return { item, rank };
	});
	return ranked.sort((a, b) => a.rank - b.rank).map(({ item }) => item);
}
