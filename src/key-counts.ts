/** Counts by key, of which those of 0 take no memory. */
export interface KeyCounts {
	/** Keys that are not at 0. */
	readonly size: number;
	of(key: string): number;
	add(key: string): void;
	/** @returns what is left */
	remove(key: string): number;
}

export function createKeyCounts(): KeyCounts {
	const counts = new Map<string, number>();
	const of = (key: string) => counts.get(key) ?? 0;
	return {
		get size() {
			return counts.size;
		},
		of,
		add: (key) => void counts.set(key, of(key) + 1),
		remove(key) {
			const left = Math.max(0, of(key) - 1);
			if (left > 0) counts.set(key, left);
			else counts.delete(key);
			return left;
		},
	};
}
