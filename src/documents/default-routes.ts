/**
 * Which link gives the guest its default route. One per family: a static default route on a second NIC or a VLAN has no
 * metric and takes over from the first one's DHCP (cloud-init issue 4246), and two of one metric change places from boot
 * to boot.
 */
import { addressVersion } from "../instance/addresses.ts";
import type { IpVersion, Subnet } from "../instance/instance.ts";
import type { Nic } from "./link-ids.ts";

/** `first`: on the first link that has one; `every`: one on each link that has one. */
export type DefaultRoutes = "first" | "every";

/** Where a link's default route of a family is to stand: on the entry of this subnet, through this gateway. */
export interface DefaultRoute {
	readonly subnet: Subnet;
	readonly gateway: string;
}

/** The default routes of each link, by family; a link without an entry shows none. */
export type DefaultRouteTable = ReadonlyMap<Nic, Partial<Record<IpVersion, DefaultRoute>>>;

/**
 * A host route to `0.0.0.0/0` or `::/0` replaces the link's gateway and stays on any link: somebody asked for it.
 * Otherwise the first link, in NIC order, whose subnets have a gateway of the family.
 */
export function defaultRoutes(nics: readonly Nic[], policy: DefaultRoutes): DefaultRouteTable {
	const table = new Map<Nic, Partial<Record<IpVersion, DefaultRoute>>>();
	for (const version of [4, 6] as const) {
		let taken = false;
		for (const nic of nics) {
			const asked = askedFor(nic, version);
			const route = asked ?? (taken && policy === "first" ? undefined : ofGateway(nic, version));
			if (!route) continue;
			taken = true;
			table.set(nic, { ...table.get(nic), [version]: route });
		}
	}
	return table;
}

/** Whether a destination is everything. */
export function isDefault(destination: string): boolean {
	return destination === "0.0.0.0/0" || destination === "::/0";
}

function subnetsOf(nic: Nic, version: IpVersion): Subnet[] {
	return nic.port.fixedIps.map((fixedIp) => fixedIp.subnet).filter((subnet) => subnet.version === version);
}

function askedFor(nic: Nic, version: IpVersion): DefaultRoute | undefined {
	for (const subnet of subnetsOf(nic, version)) {
		const route = subnet.hostRoutes.find(
			({ destination, nexthop }) => isDefault(destination) && addressVersion(nexthop) === version,
		);
		if (route) return { subnet, gateway: route.nexthop };
	}
	return undefined;
}

/**
 * A subnet whose server hands the route out (DHCPv4 by itself, DHCPv6 by the router's advertisements) goes before a
 * static one on the same link: the guest gets that route anyway, and a second one would fight it.
 */
function ofGateway(nic: Nic, version: IpVersion): DefaultRoute | undefined {
	const subnets = subnetsOf(nic, version).filter((subnet) => subnet.gateway !== undefined);
	const subnet = subnets.find((candidate) => candidate.dhcp && !candidate.addressMode) ?? subnets[0];
	return subnet?.gateway === undefined ? undefined : { subnet, gateway: subnet.gateway };
}
