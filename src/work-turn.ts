/** Long work in turns, between which guests and operators are answered. */
import { setImmediate } from "node:timers/promises";

export interface WorkTurn {
	/** Whether the work has taken so long that others wait. */
	isOver(): boolean;
	/** Resolves when nobody else has work left, or others had twice as much time: the work goes on. */
	next(): Promise<void>;
}

/** Milliseconds of work, and most of rest. */
const TURN = 5;
const REST = 10;
/** Milliseconds of a turn of the event loop in which nobody did anything. */
const EMPTY = 0.05;

export function startWorkTurn(): WorkTurn {
	let started = performance.now();
	return {
		isOver: () => performance.now() - started >= TURN,
		// While guests wait, a turn of the event loop answers one of them (see accept-first.ts).
		async next() {
			const ended = performance.now();
			let now = ended;
			for (let before = Number.NEGATIVE_INFINITY; now - before > EMPTY && now - ended < REST; now = performance.now()) {
				before = now;
				await setImmediate();
			}
			started = now;
		},
	};
}
