/** What an operator does about a request that got no document. */
import { REASONS, type Reason } from "../guest/reasons.ts";

const DOCTOR = "Run guestwire doctor: it checks the cloud's API, the credentials and the state database.";
const PROXY_HEADERS =
	"If your own proxy adds the header twice, correct its configuration; otherwise, nothing needs to be done.";

/** Reasons that are in order: the guest asked for something else than there is. */
type InOrder = "too-large" | "unknown-path" | "password-set";

/** One or two sentences for each of the others. */
const ADVICE: Readonly<Record<Exclude<Reason, InOrder>, string>> = {
	"missing-header":
		"Compare the proxy with the listener's `identity`: `signed` is for Neutron's metadata agents, `network` for haproxy.",
	"repeated-header": PROXY_HEADERS,
	"contradicting-headers": PROXY_HEADERS,
	"wrong-method": "Nothing needs to be done: the path only lists what there is.",
	"bad-request": "Check what else connects to this listener: a health check has to send a complete HTTP request.",
	"wrong-signature":
		"Compare `metadata_proxy_shared_secret` of Neutron's metadata agent with the listener's `sharedSecretFile`.",
	"peer-not-allowed": "If it is one of your proxies, add its address to `allow` of this listener.",
	"bad-id": "Check the proxy: Neutron's own proxies send ids from the cloud.",
	"bad-address": "Check the proxy: `X-Forwarded-For` has to be the guest's address and nothing else.",
	"no-owner":
		"Compare the address and the network with the instance's ports. Check that the router has a port on the network. If the guest changed its address by itself, add it to the port or change it back.",
	"several-owners": "Remove the address from all but one of the network's ports.",
	"wrong-project":
		"If the instance has just moved to another project, wait a minute; otherwise, find out who sends the request.",
	"wrong-source": "If the address has just moved, wait a minute; otherwise, find out who sends the request.",
	"unknown-instance":
		"Check whether the instance still exists, and whether Guestwire's user may see it: it needs the role in docs/openstack.md.",
	limit: "See Guestwire's log, which names the limit, and remove some of that from the instance.",
	failed: "See Guestwire's log for the stack trace, and report it with the version that the Cloud view shows.",
	"unidentified-peer": "Let the guest use its IPv4 address or a global IPv6 address.",
	"cloud-unavailable": DOCTOR,
	"cloud-answer": DOCTOR,
	"vendor-data-unavailable": "Check that the vendor data service runs, or set `vendorData.failureFatal` to false.",
	"state-unavailable": "See Guestwire's log, and check that the state database is reachable and its disk is not full.",
	timeout: DOCTOR,
	overload: "Check the number of requests in the Cloud view, and add `workers` if all guests are affected.",
};

/** What happened, and what to do; empty for a reason that only another version of Guestwire knows. */
export function explain(reason: string): { readonly meaning: string; readonly advice: string } {
	const known: Readonly<Record<string, { readonly meaning: string }>> = REASONS;
	const advice: Readonly<Record<string, string>> = ADVICE;
	return { meaning: known[reason]?.meaning ?? "", advice: advice[reason] ?? "" };
}
