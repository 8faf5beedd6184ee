/** How long, and how many, requests may wait for the cloud, a vendor's service or the state database. */
import type { Level } from "../../service/metrics.ts";
import { failure } from "./failure.ts";
import type { GuestResponse } from "./response.ts";

export interface AdmissionLimits {
	/** Milliseconds until a request that still waits is answered 503: 5,000. cloud-init gives up after 10 s. */
	readonly budget: number;
	/** Guests of one listener whose requests may wait at once; any further one is answered 503 immediately: 2,000. */
	readonly waiting: number;
	/** Requests of one guest that may wait at once: 128. They share the guest's one place among the others. */
	readonly waitingPerGuest: number;
}

/**
 * Waits for a response within the limits. Never rejects. The work itself goes on after a 503, so that its result is
 * there when the guest asks again. A response that is known without waiting needs no admission.
 *
 * @param guest who asks: requests are counted per guest by this key
 */
export type Admission = (guest: string, response: Promise<GuestResponse>) => Promise<GuestResponse>;

/** @param level shows how many requests wait */
export function createAdmission(limits: AdmissionLimits, level: Level): Admission {
	const waiting = new Map<string, number>();
	const count = (guest: string, change: 1 | -1) => {
		const left = (waiting.get(guest) ?? 0) + change;
		if (left === 0) waiting.delete(guest);
		else waiting.set(guest, left);
		if (change === 1) level.inc();
		else level.dec();
	};
	return async (guest, response) => {
		const own = waiting.get(guest) ?? 0;
		if (own >= limits.waitingPerGuest || (own === 0 && waiting.size >= limits.waiting)) {
			response.catch(() => {});
			return { reason: "overload" };
		}
		count(guest, 1);
		try {
			return await withinBudget(limits.budget, response);
		} catch (error) {
			return failure(error);
		} finally {
			count(guest, -1);
		}
	};
}

function withinBudget(milliseconds: number, response: Promise<GuestResponse>): Promise<GuestResponse> {
	const { promise: late, resolve } = Promise.withResolvers<GuestResponse>();
	const timer = setTimeout(() => resolve({ reason: "timeout" }), milliseconds);
	return Promise.race([response, late]).finally(() => clearTimeout(timer));
}
