/** Time, as an argument: a simulation has its own. */
import { setTimeout } from "node:timers/promises";

export interface Clock {
	/** Milliseconds since 1970. */
	now(): number;
	/** Rejects with the signal's reason when it aborts. */
	sleep(milliseconds: number, signal: AbortSignal): Promise<void>;
}

/** Keeps no process alive. */
export const systemClock: Clock = {
	now: Date.now,
	sleep: (milliseconds, signal) => setTimeout(milliseconds, undefined, { signal, ref: false }),
};
