/** Why a guest gets no document. The table of reasons in docs/http.md is generated from this file. */

/** The only error codes that Neutron's metadata proxies pass on (neutron/common/metadata.py, `_proxy_request`). */
export type ErrorStatus = 400 | 403 | 404 | 409 | 500 | 503;

export interface ReasonEntry {
	readonly status: ErrorStatus;
	/** For operators: what happened, and what to look at. */
	readonly meaning: string;
	/** What the log line's `detail` does. Absent: nothing that the meaning does not say. */
	readonly detail?: string;
}

/** Reason → status → meaning. A reason is the label of a metric and a member of the log line. */
export const REASONS = {
	"missing-header": { status: 400, meaning: "A header is missing: the proxy is not the kind this listener expects." },
	"repeated-header": { status: 400, meaning: "A header was sent twice: a guest tried to add its own." },
	"contradicting-headers": {
		status: 400,
		meaning: "The request names more than one network or router: a guest tried to add its own.",
	},
	"wrong-method": { status: 400, meaning: "The document exists but does not support the method." },
	"too-large": { status: 400, meaning: "The posted password has more than 1020 bytes." },
	"bad-request": {
		status: 400,
		meaning:
			"Not a valid HTTP/1 request, not sent in time, or with an unknown `Expect`. Counted; logged only if it could be parsed.",
	},
	"wrong-signature": { status: 403, meaning: "The shared secrets differ, or someone is guessing." },
	"peer-not-allowed": { status: 403, meaning: "The peer is not one of the addresses in `allow`." },
	"bad-id": { status: 404, meaning: "No instance, network or router can have this id." },
	"bad-address": { status: 404, meaning: "The forwarded address is not an IP address." },
	"no-owner": { status: 404, meaning: "No instance has this address there.", detail: "shows the query" },
	"several-owners": { status: 404, meaning: "More than one instance has this address there.", detail: "names them" },
	"wrong-project": {
		status: 404,
		meaning:
			"The project that the agent or the port names does not own the instance: someone is claiming another project's instance.",
	},
	"wrong-source": {
		status: 404,
		meaning:
			"The instance has no such port, even after asking the cloud again: the address has just moved to another instance, or someone is claiming another guest's instance.",
	},
	"unknown-instance": { status: 404, meaning: "The instance does not exist." },
	"unknown-path": { status: 404, meaning: "The instance has no such document." },
	"password-set": { status: 409, meaning: "The instance already has a password." },
	limit: {
		status: 500,
		meaning: "The instance has more ports, addresses, routes or bytes than documents may have.",
		detail: "names the limit",
	},
	failed: { status: 500, meaning: "A bug in Guestwire.", detail: "holds the stack trace" },
	"unidentified-peer": {
		status: 503,
		meaning:
			"A link-local address that contains no MAC address, and the kernel's neighbour table has none for it either. The guest has to use another of its addresses.",
	},
	"cloud-unavailable": {
		status: 503,
		meaning:
			"The cloud can't be reached, or the inventory can't be read, and nothing is known about the instance. `detail` says why.",
	},
	"cloud-answer": {
		status: 503,
		meaning:
			"The cloud's answer was unexpected, or its catalogue lacks a service, and nothing is known about the instance. `detail` says more.",
	},
	"vendor-data-unavailable": {
		status: 503,
		meaning: "A vendor data service did not respond, and `vendorData.failureFatal` is set.",
		detail: "names it",
	},
	"state-unavailable": { status: 503, meaning: "The state database can't be used; only passwords need it." },
	timeout: { status: 503, meaning: "The response would have taken longer than 5 s." },
	overload: { status: 503, meaning: "Too many requests are waiting, from this guest or in total." },
} as const satisfies Record<string, ReasonEntry>;

export type Reason = keyof typeof REASONS;
