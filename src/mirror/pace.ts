/** Limits the share of the source's time that background work takes. */
import type { Clock } from "./clock.ts";

/** Runs work, then waits long enough that the source spends no more than a tenth of one worker on it. */
export type Pace = <T>(work: () => Promise<T>) => Promise<T>;

/** Waited for each unit of time that the work took. */
const REST = 9;
const LONGEST_REST = 120_000;

export function createPace(clock: Clock, signal: AbortSignal): Pace {
	return async (work) => {
		const startedAt = clock.now();
		const result = await work();
		await clock.sleep(Math.min((clock.now() - startedAt) * REST, LONGEST_REST), signal);
		return result;
	};
}

/** Which comparisons may be made without rests. */
export interface Haste {
	/** Whether one that starts now may. */
	isAllowed(): boolean;
	/** One without rests has taken so long. Milliseconds. */
	spend(milliseconds: number): void;
}

/** What may be spent, in milliseconds, and what of the time that passes may be spent again. */
const MOST_HASTE = 1_200_000;
const RECOVERY = 0.1;

/** Gaps may come again and again, from a broker that comes and goes or from too many messages. */
export function createHaste(clock: Clock): Haste {
	let spent = 0;
	let at = clock.now();
	function recover(): void {
		const now = clock.now();
		// The clock may have been put back.
		spent = Math.max(0, spent - Math.max(0, now - at) * RECOVERY);
		at = now;
	}
	return {
		isAllowed() {
			recover();
			return spent < MOST_HASTE;
		},
		spend(milliseconds) {
			recover();
			spent += Math.max(0, milliseconds);
		},
	};
}
