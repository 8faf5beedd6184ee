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
