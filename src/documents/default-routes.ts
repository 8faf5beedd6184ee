/**
 * Chooses the link with the guest's default route, one per address family. A static default route on a second NIC or a
 * VLAN has no metric and would override the first NIC's DHCP route (cloud-init issue 4246). With two equal metrics, the
 * route would change from boot to boot.
 */
import { addressVersion, isHostAddress } from "../instance/addresses.ts";
import type { IpVersion, Subnet } from "../instance/instance.ts";
import type { Nic } from "./link-ids.ts";
import { createReach, type Reach } from "./reach.ts";

/** `first`: on the first link that has a gateway; `every`: on every link that has one. */
export type DefaultRoutes = "first" | "every";

/** The default route of a link and family: its gateway, and the subnet whose entry has the route. */
export interface DefaultRoute {
	readonly subnet: Subnet;
	readonly gateway: string;
}

/** The default routes of each link, by family. Links without an entry have none. */
export type DefaultRouteTable = ReadonlyMap<Nic, Partial<Record<IpVersion, DefaultRoute>>>;

/**
 * The default route is on the first link, in NIC order, whose subnets have a gateway of the family. A host route to
 * `0.0.0.0/0` or `::/0` was configured explicitly: it replaces the link's gateway and is kept on any link.
 */
export function defaultRoutes(nics: readonly Nic[], policy: DefaultRoutes): DefaultRouteTable {
	const table = new Map<Nic, Partial<Record<IpVersion, DefaultRoute>>>();
	const reaches = nics.map(({ port }) => createReach(port.fixedIps));
	for (const version of [4, 6] as const) {
		let taken = false;
		for (const [at, nic] of nics.entries()) {
			const isRouter = routerFilter(reaches[at] as Reach, version);
			const asked = askedFor(nic, version, isRouter);
			const route = asked ?? (taken && policy === "first" ? undefined : ofGateway(nic, version, isRouter));
			if (!route) continue;
			taken = true;
			table.set(nic, { ...table.get(nic), [version]: route });
		}
	}
	return table;
}

/** Whether a destination is `0.0.0.0/0` or `::/0`. */
export function isDefault(destination: string): boolean {
	return destination === "0.0.0.0/0" || destination === "::/0";
}

/** Each once, in the order of the addresses. */
function subnetsOf(nic: Nic, version: IpVersion): Subnet[] {
	const subnets = new Set(nic.port.fixedIps.map((fixedIp) => fixedIp.subnet));
	return [...subnets].filter((subnet) => subnet.version === version);
}

type IsRouter = (address: string) => boolean;

/**
 * Neutron checks neither gateways nor next hops: they may be addresses that no router has, or the port's own, if the guest is
 * the router. The kernel refuses a route by either.
 */
function routerFilter(reach: Reach, version: IpVersion): IsRouter {
	return (address) => addressVersion(address) === version && isHostAddress(address) && !reach.isOwn(address);
}

function askedFor(nic: Nic, version: IpVersion, isRouter: IsRouter): DefaultRoute | undefined {
	for (const subnet of subnetsOf(nic, version)) {
		const route = subnet.hostRoutes.find(({ destination, nexthop }) => isDefault(destination) && isRouter(nexthop));
		if (route) return { subnet, gateway: route.nexthop };
	}
	return undefined;
}

/**
 * A subnet whose route the guest learns anyway (by DHCPv4, or by router advertisements) takes precedence over a static
 * one on the same link, because a second route would compete with it.
 */
function ofGateway(nic: Nic, version: IpVersion, isRouter: IsRouter): DefaultRoute | undefined {
	const subnets = subnetsOf(nic, version).filter(({ gateway }) => gateway !== undefined && isRouter(gateway));
	const subnet = subnets.find((candidate) => candidate.dhcp && !candidate.addressMode) ?? subnets[0];
	return subnet?.gateway === undefined ? undefined : { subnet, gateway: subnet.gateway };
}
