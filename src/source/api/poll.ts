/** A signal that asks an API at regular intervals. */
import { setTimeout as sleep } from "node:timers/promises";
import { GuestwireError } from "../../errors.ts";
import type { ChangeSignals, Signal, SignalName } from "../remote-source.ts";

/**
 * What one poll finds. What changed while polls failed is found by the next one, so that no change is lost.
 *
 * @throws GuestwireError
 */
export type Poll = () => Promise<readonly Signal[]>;

/** @param startPoll called each time somebody begins to listen */
export function createPollSignals(name: SignalName, pollSeconds: number, startPoll: () => Poll): ChangeSignals {
	return {
		name,
		listen(handler) {
			const stop = new AbortController();
			const poll = startPoll();
			let isUp = false;
			let downSince: number | undefined;
			const once = async () => {
				try {
					const signals = await poll();
					if (stop.signal.aborted) return;
					if (!isUp) handler.onGap(downSince);
					isUp = true;
					if (signals.length > 0) handler.onSignals(signals);
				} catch (error) {
					if (!(error instanceof GuestwireError)) throw error;
					if (stop.signal.aborted) return;
					if (isUp || downSince === undefined) handler.onDown(error.message);
					if (isUp || downSince === undefined) downSince = Date.now();
					isUp = false;
				}
			};
			const run = async () => {
				while (!stop.signal.aborted) {
					await once();
					await sleep(pollSeconds * 1000, undefined, { signal: stop.signal, ref: false }).catch(() => {});
				}
			};
			void run();
			return async () => stop.abort();
		},
	};
}
