/** Long work in turns, between which guests and operators are answered. */
import { setImmediate } from "node:timers/promises";

export interface WorkTurn {
	/** Whether the work has taken so long that others wait. */
	isOver(): boolean;
	/** Resolves when others had their turn: the work goes on. */
	next(): Promise<void>;
}

/** Milliseconds of work. */
const TURN = 5;

export function startWorkTurn(): WorkTurn {
	let started = performance.now();
	return {
		isOver: () => performance.now() - started >= TURN,
		async next() {
			await setImmediate();
			started = performance.now();
		},
	};
}
