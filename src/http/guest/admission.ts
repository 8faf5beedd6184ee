/** How long, and how many, requests may wait for the cloud, a vendor's service or the state database. */
import { createKeyCounts } from "../../key-counts.ts";
import type { Level } from "../../service/metrics.ts";
import { failure } from "./failure.ts";
import type { Caller } from "./identity/requester.ts";
import type { GuestResponse } from "./response.ts";

export interface AdmissionLimits {
	/** Milliseconds until a request that still waits is answered 503: 5,000. cloud-init gives up after 10 s. */
	readonly budget: number;
	/**
	 * Guests of one listener whose requests may wait at once: 10,000. Any further one is answered 503 immediately, and also one
	 * of whose scope at least as many wait as there are places left: whoever can make up guests on a network takes half of
	 * the places, a second network a quarter, and there is always a place for a guest of another one.
	 */
	readonly waiting: number;
	/** Requests of one guest that may wait at once: 128. They share the guest's one place among the others. */
	readonly waitingPerGuest: number;
}

/**
 * Waits for a response within the limits. Never rejects. The work itself goes on after a 503, so that its result is
 * there when the guest asks again. A response that is known without waiting needs no admission.
 *
 * @param caller who asks: requests are counted by `guest`, and guests by `scope`
 */
export type Admission = (
	caller: Pick<Caller, "guest" | "scope">,
	response: Promise<GuestResponse>,
) => Promise<GuestResponse>;

/**
 * The share of a scope follows "Dynamic queue length thresholds for shared-memory packet switches" (Choudhury, Hahne, 1998).
 *
 * @param level shows how many requests wait
 */
export function createAdmission(limits: AdmissionLimits, level: Level): Admission {
	const waiting = createKeyCounts();
	const guestsOf = createKeyCounts();
	const begin = ({ guest, scope }: Pick<Caller, "guest" | "scope">): boolean => {
		const own = waiting.of(guest);
		if (own >= limits.waitingPerGuest) return false;
		if (own === 0 && guestsOf.of(scope) >= limits.waiting - waiting.size) return false;
		waiting.add(guest);
		if (own === 0) guestsOf.add(scope);
		level.inc();
		return true;
	};
	const end = ({ guest, scope }: Pick<Caller, "guest" | "scope">): void => {
		if (waiting.remove(guest) === 0) guestsOf.remove(scope);
		level.dec();
	};
	return async (caller, response) => {
		if (!begin(caller)) {
			response.catch(() => {});
			return { reason: "overload" };
		}
		try {
			return await withinBudget(limits.budget, response);
		} catch (error) {
			return failure(error);
		} finally {
			end(caller);
		}
	};
}

function withinBudget(milliseconds: number, response: Promise<GuestResponse>): Promise<GuestResponse> {
	const { promise: late, resolve } = Promise.withResolvers<GuestResponse>();
	const timer = setTimeout(() => resolve({ reason: "timeout" }), milliseconds);
	return Promise.race([response, late]).finally(() => clearTimeout(timer));
}
