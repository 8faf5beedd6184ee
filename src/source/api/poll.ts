/** A signal that asks an API at regular intervals. */
import { setTimeout as sleep } from "node:timers/promises";
import { GuestwireError } from "../../errors.ts";
import type { ChangeSignals, Signal } from "../remote-source.ts";

/**
 * What one poll finds: all that changed since the last one that succeeded, however many have failed since. Changes before
 * the first one may not be found.
 *
 * @throws GuestwireError
 */
export type Poll = () => Promise<readonly Signal[]>;

/** The share of the interval kept for reading a change once it is found. */
const MARGIN = 0.05;

/**
 * How long to wait after a poll, in milliseconds, such that a change is known within the interval: it may be made just
 * after a poll began, and the next one takes about as long. A slow API gets at least as much rest as a poll takes.
 */
export function restAfter(took: number, interval: number): number {
	return Math.max(interval * (1 - MARGIN) - 2 * took, Math.min(took, interval));
}

export interface PollOptions extends Pick<ChangeSignals, "name" | "neededFor"> {
	/** How old a change is at most when it is found, see `restAfter`. */
	readonly pollSeconds: number;
	/** Called each time a listener starts. */
	readonly startPoll: () => Poll;
}

export function createPollSignals({ name, neededFor, pollSeconds, startPoll }: PollOptions): ChangeSignals {
	return {
		name,
		neededFor,
		listen(handler) {
			const stop = new AbortController();
			const poll = startPoll();
			let isUp: boolean | undefined;
			let hasWorked = false;
			const once = async () => {
				try {
					const signals = await poll();
					if (stop.signal.aborted) return;
					if (!hasWorked) handler.onGap(undefined);
					else if (!isUp) handler.onUp();
					isUp = hasWorked = true;
					if (signals.length > 0) handler.onSignals(signals);
				} catch (error) {
					if (!(error instanceof GuestwireError)) throw error;
					if (stop.signal.aborted) return;
					if (isUp !== false) handler.onDown(error.message);
					isUp = false;
				}
			};
			const run = async () => {
				while (!stop.signal.aborted) {
					const started = performance.now();
					await once();
					const rest = restAfter(performance.now() - started, pollSeconds * 1000);
					await sleep(rest, undefined, { signal: stop.signal, ref: false }).catch(() => {});
				}
			};
			void run();
			return async () => stop.abort();
		},
	};
}
