import type { Level } from "../../service/metrics.ts";
import { failure, type NotAnswered, type Outcome } from "./handler.ts";

/** Waits for an outcome; never rejects. */
export type WaitingRoom = (outcome: Promise<Outcome>) => Promise<Outcome>;

/**
 * Where requests wait for the cloud: no longer than the budget, and no more of them at once than there are places.
 * Whatever is looked up goes on, and is there when the guest asks again.
 *
 * @param budget milliseconds
 */
export function createWaitingRoom(budget: number, places: number, level: Level): WaitingRoom {
	let taken = 0;
	return async (outcome) => {
		if (taken >= places) {
			outcome.catch(() => {});
			return unavailable("overload");
		}
		taken++;
		level.inc();
		try {
			return await within(budget, outcome);
		} catch (error) {
			return failure(error);
		} finally {
			taken--;
			level.dec();
		}
	};
}

function within(milliseconds: number, outcome: Promise<Outcome>): Promise<Outcome> {
	const { promise: late, resolve } = Promise.withResolvers<Outcome>();
	const timer = setTimeout(() => resolve(unavailable("timeout")), milliseconds);
	return Promise.race([outcome, late]).finally(() => clearTimeout(timer));
}

function unavailable(reason: "overload" | "timeout"): NotAnswered {
	return { status: 503, reason };
}
