/** Times of requests, as other processes have stored them. */

/** By how much the clocks of nodes may differ. Milliseconds. */
const TOLERANCE = 2000;

export interface KnownTimes {
	/** The latest that counts, in milliseconds since 1970: later ones were stored while a clock was ahead. */
	latest(): number;
	/** The time of a request. One that lies ahead is not known: it counts as long ago, so that anything is newer. */
	of(requestedAt: number): number;
}

/** @param onAhead called at the first time that lies ahead */
export function createKnownTimes(now: () => number, onAhead: (() => void) | undefined): KnownTimes {
	let isReported = false;
	const latest = () => now() + TOLERANCE;
	return {
		latest,
		of(requestedAt) {
			if (requestedAt <= latest()) return requestedAt;
			if (!isReported) onAhead?.();
			isReported = true;
			return 0;
		},
	};
}
