import { getOrInsert } from "./get-or-insert.ts";

/** The first item of each group, then the second of each, and so on: however many one group has, it gets no more room. */
export function inTurns<T>(items: Iterable<T>, groupOf: (item: T) => string): T[] {
	const sizes = new Map<string, number>();
	const placed = Array.from(items, (item) => {
		const group = groupOf(item);
		const place = getOrInsert(sizes, group, () => 0);
		sizes.set(group, place + 1);
		return { item, place };
	});
	return placed.sort((a, b) => a.place - b.place).map(({ item }) => item);
}
