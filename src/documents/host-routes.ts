/** The host routes of subnets in `network_data.json`. */
import { getOrInsert } from "../get-or-insert.ts";
import { isHostAddress, isUnspecified, netmask, splitCidr } from "../instance/addresses.ts";
import { type CidrMap, createCidrMap } from "../instance/cidr-map.ts";
import type { HostRoute, Subnet } from "../instance/instance.ts";
import { lazy } from "../lazy.ts";
import { isDefault } from "./default-routes.ts";
import type { Route } from "./network-data.ts";
import type { Reach } from "./reach.ts";

/** A subnet's host routes as profile `full` has them, without default routes. */
export function keptHostRoutes(subnet: Subnet, reach: Reach): Route[] {
	return subnet.hostRoutes.filter(hostRouteFilter(subnet, reach)).flatMap((each) => routesFor(each, reach));
}

/**
 * Whether a host route of a subnet can be in a document. Neutron accepts any address as a next hop, even one that no router
 * has, the port's own, or one that only another route leads to: the kernel refuses such a route, and systemd-networkd then
 * gives up the whole link. An unspecified next hop says that the destination is on the link (RFC 3442), which a default
 * route's is not.
 *
 * @param reach of the port
 */
export function hostRouteFilter({ hostRoutes }: Subnet, reach: Reach): (hostRoute: HostRoute) => boolean {
	const hosts = new Map<string, boolean>();
	const isHost = (address: string) => getOrInsert(hosts, address, isHostAddress);
	const routers = lazy(() => routersByDestination(hostRoutes, isHost));
	return ({ destination, nexthop }) => {
		if (!isHost(nexthop)) return isUnspecified(nexthop) && !isDefault(destination);
		if (reach.isOwn(nexthop)) return false;
		const isOther = (some: ReadonlySet<string>) => some.size > 1 || !some.has(nexthop);
		return reach.isOnLink(nexthop) || !routers().containing(nexthop).some(isOther);
	};
}

/** The routers by which host routes lead to their destinations. */
function routersByDestination(
	hostRoutes: readonly HostRoute[],
	isHost: (address: string) => boolean,
): CidrMap<Set<string>> {
	const routers = createCidrMap<Set<string>>();
	for (const { destination, nexthop } of hostRoutes) {
		if (isDefault(destination) || !isHost(nexthop)) continue;
		getOrInsert(routers, splitCidr(destination), () => new Set<string>()).add(nexthop);
	}
	return routers;
}

/**
 * A host route, after a route that says that its next hop is on the link, if it is outside the link's subnets. cloud-init
 * with systemd-networkd and Talos would lose the route otherwise; NetworkManager needs no such route, and `route` commands
 * fail with it or without.
 */
function routesFor({ destination, nexthop }: HostRoute, reach: Reach): Route[] {
	if (isDefault(destination)) return [];
	if (isUnspecified(nexthop) || reach.isOnLink(nexthop)) return [route(destination, nexthop)];
	const declared = onLinkRoute(nexthop);
	const own = route(destination, nexthop);
	return own.network === declared.network && own.netmask === declared.netmask ? [declared] : [declared, own];
}

/** A route that says that an address is on the link. */
export function onLinkRoute(address: string): Route {
	return address.includes(":") ? route(`${address}/128`, "::") : route(`${address}/32`, "0.0.0.0");
}

/** A route in the document's members, its canonical destination as network and mask. */
export function route(destination: string, gateway: string): Route {
	const { version, network, prefixLength } = splitCidr(destination);
	return { network, netmask: netmask(version, prefixLength), gateway };
}
