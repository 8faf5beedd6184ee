/**
 * Hands out ids that differ from each other: one that is taken gets a number, from 2 on.
 *
 * @param taken ids that are in use already
 */
export function idAllocator(taken: Iterable<string> = []): (wanted: string) => string {
	const used = new Set(taken);
	/** The number to try next, by wanted id: hundreds of ports may want the same one. */
	const next = new Map<string, number>();
	return (wanted) => {
		let id = wanted;
		let number = next.get(wanted) ?? 2;
		for (; used.has(id); number += 1) id = `${wanted}-${number}`;
		next.set(wanted, number);
		used.add(id);
		return id;
	};
}
