/**
 * Hands out ids that differ from each other: one that is taken gets a number, from 2 on.
 *
 * @param taken ids that are in use already
 */
export function idAllocator(taken: Iterable<string> = []): (wanted: string) => string {
	const used = new Set(taken);
	return (wanted) => {
		let id = wanted;
		for (let number = 2; used.has(id); number += 1) id = `${wanted}-${number}`;
		used.add(id);
		return id;
	};
}
