import type { PortQuery } from "../../../source/source.ts";
import type { ErrorResponse } from "../response.ts";
import { forwardedSource } from "./forwarded.ts";
import { headerPicker } from "./headers.ts";
import { findOwner, type OwnerLookup } from "./port-owner.ts";
import { type Identity, missingHeader, type Requester, repeatedHeader } from "./requester.ts";

const HEADERS = ["X-Neutron-Network-ID", "X-OVN-Network-ID", "X-Neutron-Router-ID", "X-Forwarded-For"] as const;
const pick = headerPicker(HEADERS);

/** Neutron's ids have 36 characters. An inventory's may be any text, but not one that fills a query. */
const MAX_ID = 255;

/**
 * The instance that has the forwarded address on the network, or on a network of the router, that is named by the
 * haproxy in that network's or router's namespace. Neutron's agents make haproxy set these headers
 * (neutron/agent/metadata/driver.py, neutron/agent/ovn/metadata/driver.py). A guest can send them too: haproxy adds its
 * own to OVN's and deletes only one of the others. So a header that was sent twice, or beside another one, is refused.
 *
 * @param isProxy whether a request comes from haproxy, which alone makes its headers true
 */
export function networkIdentity(lookup: OwnerLookup, isProxy: (requester: Requester) => boolean): Identity {
	return (requester, isPrivate) => {
		if (!isProxy(requester)) {
			const peer = requester.socket.remoteAddress ?? "a peer that has gone";
			return { reason: "peer-not-allowed", detail: `${peer} is not a proxy that may name a network` };
		}
		const { values, repeated } = pick(requester.rawHeaders);
		if (repeated !== undefined) return repeatedHeader(repeated);
		const scope = scopeOf(values);
		if ("reason" in scope) return scope;
		const source = forwardedSource(values[3]);
		if ("reason" in source) return source;
		const query = { ...source, ...scope };
		return {
			guest: Object.values(query).join(" "),
			scope: Object.values(scope).join(" "),
			identified: findOwner(lookup, [query], isPrivate),
		};
	};
}

/** The network or router on which the guest's address is unique. */
function scopeOf([network, ovnNetwork, router]: readonly (string | undefined)[]): PortQuery | ErrorResponse {
	const given = [network, ovnNetwork, router].filter((id) => id !== undefined);
	const [id] = given;
	if (id === undefined) return missingHeader("X-Neutron-Network-ID, X-OVN-Network-ID or X-Neutron-Router-ID");
	if (given.length > 1) {
		const explanation = "More than one network or router is named in request.";
		return { reason: "contradicting-headers", explanation };
	}
	if (id === "" || id.length > MAX_ID) return { reason: "bad-id" };
	return router === undefined ? { networkId: id } : { routerId: id };
}
