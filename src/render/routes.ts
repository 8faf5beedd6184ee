import type { Route } from "../documents/network-data.ts";
import { isStatic, type PlacedEntry } from "./entries.ts";
import type { PlannedInterface, PlannedRoute, Warn } from "./plan.ts";
import { type Ip, isHostAddress, isInNetwork, networkOf, parseIp, parseNetmask, versionOf } from "./values.ts";

/**
 * One interface's routes, in the document's order. Every address of a subnet repeats its routes: told once is enough.
 *
 * @param versions in which the interface has an address, or a way to get one
 */
export function planRoutes(entries: readonly PlacedEntry[], versions: ReadonlySet<4 | 6>, warn: Warn): PlannedRoute[] {
	const routes = new Map<string, PlannedRoute>();
	for (const { entry, place: entryPlace } of entries) {
		for (const [i, route] of (entry.routes ?? []).entries()) {
			const place = `${entryPlace}/routes/${i}`;
			const planned = planRoute(route, place, entries, warn);
			if (planned === undefined) continue;
			if (!versions.has(planned.version)) {
				warn(place, `the link has no IPv${planned.version} address: the route is left out`);
				continue;
			}
			const destination = `${planned.network}/${planned.prefixLength}`;
			const earlier = routes.get(destination);
			if (earlier === undefined) routes.set(destination, planned);
			else if (earlier.gateway !== planned.gateway) {
				warn(place, "an earlier route of this link has the same destination, and a guest uses one: left out");
			}
		}
	}
	return [...routes.values()];
}

function planRoute(route: Route, place: string, entries: readonly PlacedEntry[], warn: Warn): PlannedRoute | undefined {
	const destination = parseIp(route.network);
	const gateway = parseIp(route.gateway);
	const version = destination && versionOf(destination);
	const prefixLength = version && parseNetmask(route.netmask, version);
	if (destination === undefined || version === undefined || prefixLength === undefined) {
		warn(place, "network and netmask are no network: the route is left out");
	} else if (gateway === undefined || !isHostAddress(gateway)) {
		warn(`${place}/gateway`, "not the address of a router: the route is left out");
	} else if (versionOf(gateway) !== version) {
		warn(`${place}/gateway`, "not of the destination's IP version: the route is left out");
	} else {
		return {
			version,
			place,
			network: networkOf(destination, prefixLength).toString(),
			prefixLength,
			gateway: gateway.toString(),
			onLink: !isReachable(gateway, version, entries),
		};
	}
	return undefined;
}

/** Whether the kernel will find the gateway without being told that it is on the link. */
function isReachable(gateway: Ip, version: 4 | 6, entries: readonly PlacedEntry[]): boolean {
	if (gateway.kind() === "ipv6" && gateway.range() === "linkLocal") return true;
	return entries.some((entry) => {
		if (entry.version !== version) return false;
		if (entry.subnet !== undefined) return isInNetwork(gateway, entry.subnet.ip, entry.subnet.prefixLength);
		// The subnet comes with the lease or the router advertisement, and the gateway is supposed to be in it.
		return !isStatic(entry);
	});
}

/** Worse than what a DHCP client or a router advertisement sets: 100 to 1024. */
const LATER_METRIC = 2048;

/** Better than what a router advertisement sets. Without it a static IPv6 route has the kernel's 1024, as theirs has. */
const FIRST_METRIC = 50;

/**
 * Lets the first interface with a default route, or with a way to be given one, keep it: on the others a static one
 * ranks behind. Two of the same metric would take turns from boot to boot (cloud-init issue 4246).
 */
export function rankDefaultRoutes(interfaces: readonly PlannedInterface[], warn: Warn): PlannedInterface[] {
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
			warn(route.place, `not the first link with a default route: this one ranks behind, with metric ${metric}`);
			return { ...route, metric };
		}),
	}));
}

/** Where the link stands in the document. */
function linkIndex({ place }: PlannedInterface): number {
	return Number(place.slice("/links/".length));
}

function isDefault(route: PlannedRoute, version: 4 | 6): boolean {
	return route.version === version && route.prefixLength === 0;
}
