/** What a port reaches without a router. */
import { getOrInsert } from "../get-or-insert.ts";
import { isLinkLocal, splitCidr } from "../instance/addresses.ts";
import { createCidrMap } from "../instance/cidr-map.ts";
import type { FixedIp } from "../instance/instance.ts";
import { lazy } from "../lazy.ts";

/** Made once per port: it may have thousands of addresses, and their subnets thousands of routes. */
export interface Reach {
	/** Whether the address is one of the port's. */
	isOwn(address: string): boolean;
	/** Whether the guest can reach a gateway without a route that says it is on the link. */
	isOnLink(gateway: string): boolean;
}

export function createReach(fixedIps: readonly FixedIp[]): Reach {
	const own = lazy(() => new Set(fixedIps.map(({ address }) => address)));
	const onLink = lazy(() => {
		const cidrs = createCidrMap<true>();
		const subnets = fixedIps.filter(({ address }) => address !== undefined).map(({ subnet }) => subnet.cidr);
		for (const cidr of new Set(subnets)) cidrs.set(splitCidr(cidr), true);
		return cidrs;
	});
	const known = new Map<string, boolean>();
	const isOnLink = (gateway: string) => isLinkLocal(gateway) || onLink().containing(gateway).length > 0;
	return {
		isOwn: (address) => own().has(address),
		isOnLink: (gateway) => getOrInsert(known, gateway, isOnLink),
	};
}
