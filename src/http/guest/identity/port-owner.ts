/** From a guest's address to the one instance that owns it. */
import ipaddr from "ipaddr.js";
import { canonicalAddress, eui64Mac, isLinkLocal } from "../../../instance/addresses.ts";
import type { Constraint } from "../../../source/ownership.ts";
import type { Owner, PortQuery } from "../../../source/source.ts";
import type { ErrorResponse } from "../response.ts";
import type { Identification } from "./requester.ts";

/** Where owners are looked up: at once if they are cached. */
export interface OwnerLookup {
	/** @param isPrivate whether the owner must be known for certain; see InstanceCache */
	owners(query: PortQuery, signal?: undefined, isPrivate?: boolean): readonly Owner[] | Promise<readonly Owner[]>;
}

/** The canonical text of a socket's or header's address: IPv4-mapped IPv6 unwrapped, no zone; undefined if invalid. */
export function plainAddress(text: string): string | undefined {
	const [address = ""] = text.split("%", 1);
	const parsed = ipaddr.IPv6.isValid(address) ? ipaddr.IPv6.parse(address) : undefined;
	return parsed?.isIPv4MappedAddress() ? parsed.toIPv4Address().toString() : canonicalAddress(address);
}

/**
 * The query for the port that a source address belongs to: by the address, or, if it is IPv6 link-local, by the MAC
 * address in it, since the cloud knows nothing else about such an address. haproxy writes an IPv4-mapped address if it
 * listens on both families. (neutron/agent/metadata/proxy_base.py, `_get_instance_and_project_id`)
 *
 * @returns `no-mac` for a link-local address that contains no MAC address, such as a privacy address
 */
export function portQuery(text: string): PortQuery | "invalid" | "no-mac" {
	const address = plainAddress(text);
	if (address === undefined) return "invalid";
	if (!isLinkLocal(address)) return { address };
	const macAddress = eui64Mac(address);
	return macAddress === undefined ? "no-mac" : { macAddress };
}

/**
 * The one instance that owns a port matching any of the queries. No match and several are both refused. If several ports
 * of the instance match, the request may come from any of them: all constraints have to hold.
 *
 * @param isPrivate see Identity
 */
export function findOwner(
	lookup: OwnerLookup,
	queries: readonly PortQuery[],
	isPrivate: boolean,
): Identification | Promise<Identification> {
	const found = queries.map((query) => lookup.owners(query, undefined, isPrivate));
	const cached = found.filter((owners): owners is readonly Owner[] => !(owners instanceof Promise));
	return cached.length === found.length
		? onlyOwner(queries, cached)
		: Promise.all(found).then((owners) => onlyOwner(queries, owners));
}

function onlyOwner(queries: readonly PortQuery[], found: readonly (readonly Owner[])[]): Identification {
	const matches = queries.flatMap((query, index) => (found[index] ?? []).map((owner) => ({ query, owner })));
	const ids = new Set(matches.map(({ owner }) => owner.id));
	const [id, another] = ids;
	const asked = JSON.stringify(queries);
	if (id === undefined) return { reason: "no-owner", detail: `no instance has a port that matches ${asked}` };
	if (another !== undefined) {
		return { reason: "several-owners", detail: `${[...ids].join(", ")} all have a port that matches ${asked}` };
	}
	return { id, constraints: matches.map(({ query, owner }) => constraintOf(query, owner)) };
}

/** What a port that names an instance as its device claims: the instance's project, and where the instance is. */
function constraintOf(query: PortQuery, { projectId, networkId }: Owner): Constraint {
	return { ...(projectId !== undefined && { projectId }), port: { ...query, networkId } };
}

/** The response for an address that no port can be found by. */
export function unusableAddress(why: "invalid" | "no-mac", where: string): ErrorResponse {
	return why === "invalid"
		? { reason: "bad-address", detail: `${where} is not an IP address` }
		: { reason: "unidentified-peer", detail: `${where} is a link-local address without a MAC address in it` };
}
