/** Facts that are read again because they may be too old: while a guest waits, or in the background. */
import type { Detail } from "../instance/instance.ts";
import type { Clock } from "./clock.ts";
import type { InstanceReads } from "./instance-reads.ts";
import type { MirrorState } from "./mirror-state.ts";

export interface Refreshes {
	/** Whether another request may wait. */
	hasRoom(): boolean;
	/**
	 * Whether the instance could be read again in time.
	 *
	 * @param notBefore the time of the oldest reading that counts, in milliseconds since 1970
	 */
	refresh(id: string, detail: Detail, notBefore: number): Promise<boolean>;
	/** When many guests ask at once, the source could not answer all of them in time. The signals report what has changed. */
	refreshInBackground(id: string, detail: Detail, notBefore: number): void;
	/** Ends what waits. */
	close(): void;
}

/** How long a request waits for facts to be read again, in milliseconds. */
const TIMEOUT = 1000;
/** For how long after a failure requests don't wait for facts to be read again, and at most. Milliseconds. */
const PAUSE = 1000;
const LONGEST_PAUSE = 15_000;
/** Requests that wait for facts to be read again at a time: any further one is answered with the known facts … */
const MOST_WAITING = 16;
/** … and, unless the signals worked within this time, in milliseconds, they are read again in the background … */
const LATELY = 30_000;
/** … for at most this many instances at a time. */
const MOST_IN_BACKGROUND = 2000;

export function createRefreshes(
	read: InstanceReads["refresh"],
	clock: Clock,
	state: Pick<MirrorState, "verifiedAt">,
): Refreshes {
	const inBackground = new Set<string>();
	let waiting = 0;
	let notUntil = Number.NEGATIVE_INFINITY;
	let pause = PAUSE;
	const closing = new AbortController();
	/** A pause that is longer than any is one from before the clock was put back. */
	const isPausing = () => clock.now() < notUntil && notUntil - clock.now() <= LONGEST_PAUSE;
	return {
		hasRoom: () => waiting < MOST_WAITING,
		async refresh(id, detail, notBefore) {
			if (isPausing()) return false;
			waiting++;
			const timer = new AbortController();
			const fail = () => false;
			const timeout = clock.sleep(TIMEOUT, AbortSignal.any([timer.signal, closing.signal])).then(fail, fail);
			const refreshed = read(id, detail, notBefore).then(() => true, fail);
			const isInTime = await Promise.race([refreshed, timeout]);
			waiting--;
			timer.abort();
			pause = isInTime ? PAUSE : Math.min(pause * 2, LONGEST_PAUSE);
			if (!isInTime) notUntil = clock.now() + pause;
			return isInTime;
		},
		refreshInBackground(id, detail, notBefore) {
			const isLate = clock.now() - state.verifiedAt() > LATELY && !isPausing();
			if (!isLate || inBackground.has(id) || inBackground.size >= MOST_IN_BACKGROUND) return;
			inBackground.add(id);
			read(id, detail, notBefore)
				.catch(() => {})
				.finally(() => inBackground.delete(id));
		},
		close: () => closing.abort(),
	};
}
