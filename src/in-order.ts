import { startWorkTurn, type WorkTurn } from "./work-turn.ts";

/** Items sorted without a break, and merged between two looks at the time. */
const RUN = 1000;

/** The items sorted by a key, in turns: any number of them keeps nobody waiting. */
export async function inOrder<T>(items: readonly T[], keyOf: (item: T) => string): Promise<readonly T[]> {
	const turn = startWorkTurn();
	const compare = (a: T, b: T) => (keyOf(a) < keyOf(b) ? -1 : 1);
	let runs: (readonly T[])[] = [];
	for (let at = 0; at < items.length; at += RUN) {
		runs.push(items.slice(at, at + RUN).sort(compare));
		if (turn.isOver()) await turn.next();
	}
	while (runs.length > 1) {
		const merged: (readonly T[])[] = [];
		for (let at = 0; at < runs.length; at += 2) {
			merged.push(await merge(runs[at] ?? [], runs[at + 1] ?? [], { compare, turn }));
		}
		runs = merged;
	}
	return runs[0] ?? [];
}

interface Merging<T> {
	readonly compare: (a: T, b: T) => number;
	readonly turn: WorkTurn;
}

async function merge<T>(left: readonly T[], right: readonly T[], { compare, turn }: Merging<T>): Promise<readonly T[]> {
	const merged: T[] = [];
	let next = 0;
	for (const [at, one] of left.entries()) {
		while (next < right.length && compare(right[next] as T, one) < 0) merged.push(right[next++] as T);
		merged.push(one);
		if (at % RUN === 0 && turn.isOver()) await turn.next();
	}
	return merged.concat(right.slice(next));
}
