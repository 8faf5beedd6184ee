import type { InstanceCache } from "../../../source/instance-cache.ts";
import type { PortQuery } from "../../../source/source.ts";
import { type Asker, type Identity, missingHeader, type Refusal, repeatedHeader } from "./asker.ts";
import { forwardedSource } from "./forwarded.ts";
import { headerPicker } from "./headers.ts";
import { oneOwner } from "./source.ts";

const HEADERS = ["X-Neutron-Network-ID", "X-OVN-Network-ID", "X-Neutron-Router-ID", "X-Forwarded-For"] as const;
const pick = headerPicker(HEADERS);

/** Neutron's ids have 36 characters; an inventory's may be any text, but not one that fills a query. */
const LONGEST_ID = 255;

/**
 * The instance that has the forwarded address on the network, or on a network of the router, that the haproxy in a
 * network's or router's namespace names. The headers are those that Neutron's agents have haproxy set
 * (neutron/agent/metadata/driver.py, neutron/agent/ovn/metadata/driver.py). A guest can send them too: haproxy adds its
 * own to OVN's and deletes only one of the others, so a header that came twice or beside another one is refused.
 *
 * @param isProxy whether a request comes from haproxy, which is the only thing that makes its headers true
 */
export function networkIdentity(
	directory: Pick<InstanceCache, "owners">,
	isProxy: (asker: Asker) => boolean,
): Identity {
	return (asker) => {
		if (!isProxy(asker)) {
			const detail = `${asker.socket.remoteAddress ?? "a peer that is gone"} is no proxy that may name a network`;
			return { status: 403, reason: "peer-not-allowed", detail };
		}
		const { values, repeated } = pick(asker.rawHeaders);
		if (repeated !== undefined) return repeatedHeader(repeated);
		const place = placeOf(values);
		if ("status" in place) return place;
		const source = forwardedSource(values[3]);
		if ("status" in source) return source;
		return oneOwner(directory, [{ ...source, ...place }]);
	};
}

function placeOf([network, ovnNetwork, router]: readonly (string | undefined)[]): PortQuery | Refusal {
	const given = [network, ovnNetwork, router].filter((id) => id !== undefined);
	const [id] = given;
	if (id === undefined) return missingHeader("X-Neutron-Network-ID, X-OVN-Network-ID or X-Neutron-Router-ID");
	if (given.length > 1) {
		const explanation = "More than one network or router is named in request.";
		return { status: 400, reason: "contradicting-headers", explanation };
	}
	if (id === "" || id.length > LONGEST_ID) return { status: 404, reason: "bad-id" };
	return router === undefined ? { networkId: id } : { routerId: id };
}
