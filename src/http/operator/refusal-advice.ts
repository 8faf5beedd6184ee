/** What an operator does about a request that no instance was found for. */
import type { Reason } from "../guest/reasons.ts";

const DOCTOR = "Run guestwire doctor: it checks the cloud's API, the credentials and the state database.";
const PROXY_HEADERS =
	"If your own proxy adds the header twice, correct its configuration; otherwise, nothing needs to be done.";

/** One or two sentences for each reason that leaves a request without an instance. */
export const ADVICE: Readonly<Partial<Record<Reason, string>>> = {
	"missing-header":
		"Compare the proxy with the listener's `identity`: `signed` is for Neutron's metadata agents, `network` for haproxy.",
	"repeated-header": PROXY_HEADERS,
	"contradicting-headers": PROXY_HEADERS,
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
	"unidentified-peer": "Let the guest use its IPv4 address or a global IPv6 address.",
	"cloud-unavailable": DOCTOR,
	"cloud-answer": DOCTOR,
	timeout: DOCTOR,
	overload: "Check the number of requests in the Cloud view, and add `workers` if all guests are affected.",
};
