/** Recent changes, for look-ups that a change overtakes: only their result shows whether it concerns them. */

export interface ChangeLog {
	/** Grows with each change. A look-up notes it when it starts. */
	sequence(): number;
	add(tag: string): void;
	/** Anything may have changed. */
	addEverything(): void;
	/** Whether any of the tags has changed since; true if the log no longer goes back that far. */
	hasChangedSince(sequence: number, tags: readonly string[]): boolean;
}

/** Tags remembered. */
const MOST_TAGS = 10_000;

export function createChangeLog(): ChangeLog {
	const changes = new Map<string, number>();
	let sequence = 0;
	/** Changes up to this one are forgotten. */
	let forgotten = 0;
	const forget = () => {
		changes.clear();
		forgotten = sequence;
	};
	return {
		sequence: () => sequence,
		add(tag) {
			if (changes.size === MOST_TAGS && !changes.has(tag)) forget();
			changes.set(tag, ++sequence);
		},
		addEverything() {
			sequence++;
			forget();
		},
		hasChangedSince: (since, tags) => since < forgotten || tags.some((tag) => (changes.get(tag) ?? 0) > since),
	};
}
