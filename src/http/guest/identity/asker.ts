/** What every way of telling who is asking has in common. */
import type { PortQuery } from "../../../source/source.ts";

/** What is known of a request before any of it is believed. `IncomingMessage` is one. */
export interface Asker {
	/**
	 * Names and values in turn, as they came. `headers` is no use here: node joins the values of a repeated header, and
	 * a header that came twice is one that somebody on the way added to.
	 */
	readonly rawHeaders: readonly string[];
	/** `remoteAddress` is absent on a unix socket and on a connection that is already gone. */
	readonly socket: { readonly remoteAddress?: string | undefined };
}

/** An instance that a request speaks for. */
export interface Named {
	/** Lower case. */
	readonly id: string;
	/** What named the instance: once its facts are known, all of it has to hold. */
	readonly claims: readonly Claim[];
}

export interface Claim {
	/** The project that must own the instance. */
	readonly projectId?: string;
	/** Where the request came from: one of the instance's own ports must match it. */
	readonly source?: PortQuery;
}

/** Why a request was not believed, in a word: the label of a metric and a member of the log line. */
export const REFUSAL_REASONS = [
	"missing-header",
	"repeated-header",
	"contradicting-headers",
	"wrong-signature",
	"bad-address",
	"bad-id",
	"peer-not-allowed",
	"no-owner",
	"several-owners",
	"wrong-project",
	"wrong-source",
] as const;

export type RefusalReason = (typeof REFUSAL_REASONS)[number];

export interface Refusal {
	readonly status: 400 | 403 | 404;
	readonly reason: RefusalReason;
	/** Told to the asker; without it the status's own sentence. Never says more than that the request is wrong. */
	readonly explanation?: string;
	/** Told to the log alone. */
	readonly detail?: string;
}

/** Tells who is asking. Rejects with what the directory rejects with. */
export type Identity = (asker: Asker) => Named | Refusal | Promise<Named | Refusal>;

export function missingHeader(name: string): Refusal {
	return { status: 400, reason: "missing-header", explanation: `${name} header is missing from request.` };
}

export function repeatedHeader(name: string): Refusal {
	const explanation = `Multiple ${name} headers found within request.`;
	return { status: 400, reason: "repeated-header", explanation };
}

export const wrongSignature: Refusal = {
	status: 403,
	reason: "wrong-signature",
	explanation: "Invalid proxy request signature.",
};
