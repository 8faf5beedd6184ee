import ipaddr from "ipaddr.js";
import type { FindNeighbour } from "./neighbours.ts";
import { findOwner, type OwnerLookup, plainAddress, portQuery, unusableAddress } from "./port-owner.ts";
import type { Identification, Identity } from "./requester.ts";

/**
 * The instance that has the peer's own address on a port. An IPv6 link-local peer is found by the MAC address in its
 * address, else by the one in the kernel's neighbour table. For guests that reach this listener directly, on a bridge
 * where the host keeps them from taking each other's addresses.
 */
export function addressIdentity(lookup: OwnerLookup, findNeighbour: FindNeighbour): Identity {
	return ({ socket: { remoteAddress: peer = "" } }, isPrivate) => {
		const query = portQuery(peer);
		if (query === "invalid") return unusableAddress(query, `the peer's address "${peer}"`);
		const caller = { guest: peer, scope: networkOf(peer) };
		if (query !== "no-mac") return { ...caller, identified: findOwner(lookup, [query], isPrivate) };
		return { ...caller, identified: byNeighbourTable(peer, isPrivate, lookup, findNeighbour) };
	};
}

/** What a guest can make up addresses in: an IPv6 /64, all of IPv4. */
function networkOf(peer: string): string {
	const address = plainAddress(peer) ?? "";
	return address.includes(":") ? ipaddr.IPv6.parse(address).parts.slice(0, 4).join(":") : "";
}

async function byNeighbourTable(
	peer: string,
	isPrivate: boolean,
	lookup: OwnerLookup,
	findNeighbour: FindNeighbour,
): Promise<Identification> {
	const [address = "", zone = ""] = peer.split("%");
	let macAddress: string | undefined;
	try {
		macAddress = await findNeighbour(plainAddress(address) ?? "", zone);
	} catch (error) {
		const [why] = (error as Error).message.split("\n");
		return { reason: "unidentified-peer", detail: `${peer}: the kernel's neighbour table can't be read: ${why}` };
	}
	if (macAddress !== undefined) return findOwner(lookup, [{ macAddress }], isPrivate);
	return { reason: "unidentified-peer", detail: `${peer} is not in the kernel's neighbour table` };
}
