import type { Route } from "../documents/network-data.ts";
import { isStatic, type LocatedEntry } from "./entries.ts";
import type { AddRemark, PlannedInterface, PlannedRoute } from "./plan.ts";
import { type Ip, isHostAddress, isInNetwork, networkOf, parseIp, parseNetmask, versionOf } from "./values.ts";

/**
 * The routes of one interface, in document order. Routes that several addresses of a subnet repeat are returned once.
 *
 * @param versions the IP versions in which the interface has an address, or a way to get one
 */
export function planRoutes(
	entries: readonly LocatedEntry[],
	versions: ReadonlySet<4 | 6>,
	remark: AddRemark,
): PlannedRoute[] {
	const routes = new Map<string, PlannedRoute>();
	for (const { entry, pointer: entryPointer } of entries) {
		for (const [i, route] of (entry.routes ?? []).entries()) {
			const pointer = `${entryPointer}/routes/${i}`;
			const planned = planRoute(route, pointer, entries, remark);
			if (planned === undefined) continue;
			if (!versions.has(planned.version)) {
				remark(pointer, `the link has no IPv${planned.version} address: the route is dropped`);
				continue;
			}
			const destination = `${planned.network}/${planned.prefixLength}`;
			const earlier = routes.get(destination);
			if (earlier === undefined) routes.set(destination, planned);
			else if (earlier.gateway !== planned.gateway) {
				remark(pointer, "an earlier route of this link has the same destination: dropped");
			}
		}
	}
	return [...routes.values()];
}

function planRoute(
	route: Route,
	pointer: string,
	entries: readonly LocatedEntry[],
	remark: AddRemark,
): PlannedRoute | undefined {
	const destination = parseIp(route.network);
	const gateway = parseIp(route.gateway);
	const version = destination && versionOf(destination);
	const prefixLength = version && parseNetmask(route.netmask, version);
	if (destination === undefined || version === undefined || prefixLength === undefined) {
		remark(pointer, "no valid network and netmask: the route is dropped");
	} else if (gateway === undefined || !isHostAddress(gateway)) {
		remark(`${pointer}/gateway`, "not the address of a router: the route is dropped");
	} else if (versionOf(gateway) !== version) {
		remark(`${pointer}/gateway`, "not of the destination's IP version: the route is dropped");
	} else {
		return {
			version,
			pointer,
			network: networkOf(destination, prefixLength).toString(),
			prefixLength,
			gateway: gateway.toString(),
			onLink: !isReachable(gateway, version, entries),
		};
	}
	return undefined;
}

/** Whether the kernel accepts the gateway without a declaration that it is on-link. */
function isReachable(gateway: Ip, version: 4 | 6, entries: readonly LocatedEntry[]): boolean {
	if (gateway.kind() === "ipv6" && gateway.range() === "linkLocal") return true;
	return entries.some((entry) => {
		if (entry.version !== version) return false;
		if (entry.subnet !== undefined) return isInNetwork(gateway, entry.subnet.ip, entry.subnet.prefixLength);
		// The subnet comes with the lease or the router advertisement. The gateway is assumed to be in it.
		return !isStatic(entry);
	});
}

/** Above the metrics that DHCP clients and router advertisements use, 100 to 1024: ranks after them. */
const LATER_METRIC = 2048;

/** Below the metric of a router advertisement. A static IPv6 route without a metric has the same 1024 as that. */
const FIRST_METRIC = 50;

/**
 * The first interface with a default route, or with a way to get one, keeps it. On the others, a static default route
 * gets a metric that ranks after it: of two with the same metric, either may win at a boot (cloud-init issue 4246).
 */
export function rankDefaultRoutes(interfaces: readonly PlannedInterface[], remark: AddRemark): PlannedInterface[] {
	const inOrder = interfaces.toSorted((a, b) => linkIndex(a) - linkIndex(b));
	const first: Partial<Record<4 | 6, PlannedInterface>> = {};
	for (const version of [4, 6] as const) {
		const owner = inOrder.find(
			({ dhcp4, routerAdvertisements, routes }) =>
				(version === 4 ? dhcp4 : routerAdvertisements) || routes.some((route) => isDefault(route, version)),
		);
		if (owner !== undefined) first[version] = owner;
	}
	const advertised = interfaces.some(({ routerAdvertisements }) => routerAdvertisements);
	return interfaces.map((one) => ({
		...one,
		routes: one.routes.map((route) => {
			if (route.prefixLength > 0) return route;
			if (first[route.version] === one) {
				return route.version === 6 && advertised ? { ...route, metric: FIRST_METRIC } : route;
			}
			const metric = LATER_METRIC + linkIndex(one);
			remark(route.pointer, `an earlier link has the default route: this one gets metric ${metric} and ranks after it`);
			return { ...route, metric };
		}),
	}));
}

/** The index of the link in the document. */
function linkIndex({ pointer }: PlannedInterface): number {
	return Number(pointer.slice("/links/".length));
}

function isDefault(route: PlannedRoute, version: 4 | 6): boolean {
	return route.version === version && route.prefixLength === 0;
}
