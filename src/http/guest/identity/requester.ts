/** What every way of identifying a guest has in common. */
import type { Constraint } from "../../../source/ownership.ts";
import type { ErrorResponse } from "../response.ts";

/** What is known about a request before any of it is believed. */
export interface Requester {
	/**
	 * Names and values in turn, as they were sent. `headers` does not help here: node joins the values of a repeated header,
	 * and a repeated header shows that one was added on the way.
	 */
	readonly rawHeaders: readonly string[];
	/** `remoteAddress` is absent on a unix socket and on a connection that is already gone. */
	readonly socket: { readonly remoteAddress?: string | undefined };
}

/** Who asks, before anything is looked up. */
export interface Caller {
	/** Distinguishes this guest from all others of the listener: limits per guest are counted by it. */
	readonly guest: string;
	/** What the guest can't choose, however many guests it claims to be: its network, its project. Waiting guests are counted by it. */
	readonly scope: string;
	/** A promise only if something has to be looked up. */
	readonly identified: Identification | Promise<Identification>;
}

export type Identification = Identified | ErrorResponse;

/** The instance that a request speaks for. */
export interface Identified {
	/** Lower case. */
	readonly id: string;
	/** What identified the instance: all of it must hold for the instance's facts. */
	readonly constraints: readonly Constraint[];
}

/**
 * Identifies the guest that asks. A look-up rejects with the source's errors.
 *
 * @param isPrivate whether it asks for private data: while the source can't be reached, an address that may have a new
 *   owner does not identify anybody then
 */
export type Identity = (requester: Requester, isPrivate: boolean) => Caller | ErrorResponse;

export function missingHeader(name: string): ErrorResponse {
	return { reason: "missing-header", explanation: `${name} header is missing from request.` };
}

export function repeatedHeader(name: string): ErrorResponse {
	return { reason: "repeated-header", explanation: `Multiple ${name} headers found within request.` };
}

export const wrongSignature: ErrorResponse = {
	reason: "wrong-signature",
	explanation: "Invalid proxy request signature.",
};
