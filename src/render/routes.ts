import type { DescribedRoute } from "../documents/network-description.ts";
import type { AddRemark } from "../documents/reading.ts";
import {
	addressVersion,
	anyAddress,
	cidrContains,
	isHostAddress,
	isLinkLocal,
	isUnspecified,
	maskLength,
} from "../instance/addresses.ts";
import { isStatic, type LocatedEntry } from "./entries.ts";
import type { PlannedRoute } from "./plan.ts";
import { parseAddress, parseNetwork } from "./values.ts";

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
	const located = entries.flatMap(({ entry, pointer }) => locatedRoutes(entry, pointer));
	const declared = new Set(
		located.flatMap(({ route }) => (isUnspecified(route.gateway) && isOfOneHost(route) ? route.network : [])),
	);
	const gateways = new Set(located.map(({ route }) => route.gateway));
	for (const { route, pointer } of located) {
		// It only says that a gateway off the link is on it, as every format does in its own way.
		if (isUnspecified(route.gateway) && declared.has(route.network) && gateways.has(route.network)) continue;
		const planned = planRoute(
			route,
			pointer,
			(gateway) => declared.has(gateway) || !isReachable(gateway, entries),
			remark,
		);
		if (planned === undefined || isOwnSubnet(planned, entries)) continue;
		if (!versions.has(planned.version)) {
			remark(pointer, `the link has no IPv${planned.version} address: the route is dropped`, valuesOf(route));
			continue;
		}
		const destination = `${planned.network}/${planned.prefixLength} ${planned.metric ?? ""}`;
		const earlier = routes.get(destination);
		if (earlier === undefined) routes.set(destination, planned);
		else if (earlier.gateway !== planned.gateway) {
			remark(pointer, "an earlier route of this link has the same destination: dropped", valuesOf(route));
		}
	}
	return [...routes.values()];
}

function isOfOneHost({ network, netmask }: DescribedRoute): boolean {
	const version = addressVersion(network);
	return maskLength(version, netmask) === (version === 4 ? 32 : 128);
}

/** The routes of a network. Its own `gateway` is a default route: Guestwire writes it for a gateway off the link. */
function locatedRoutes({ routes = [], gateway }: LocatedEntry["entry"], pointer: string) {
	const located = routes.map((route, i) => ({ route, pointer: `${pointer}/routes/${i}` }));
	if (gateway === undefined) return located;
	const any = anyAddress(addressVersion(gateway));
	if (routes.some(({ network, netmask }) => network === any && netmask === any)) return located;
	const route: DescribedRoute = { network: any, netmask: any, gateway };
	return [{ route, pointer: `${pointer}/gateway` }, ...located];
}

function planRoute(
	route: DescribedRoute,
	pointer: string,
	isOffSubnet: (gateway: string) => boolean,
	remark: AddRemark,
): PlannedRoute | undefined {
	const destination = parseNetwork(route.network, route.netmask);
	const gateway = parseAddress(route.gateway);
	if (destination === undefined) {
		remark(pointer, "no valid network and netmask: the route is dropped", valuesOf(route));
	} else if (gateway === undefined || !(isHostAddress(gateway) || isUnspecified(gateway))) {
		remark(`${pointer}/gateway`, "not the address of a router: the route is dropped", route.gateway);
	} else if (addressVersion(gateway) !== destination.version) {
		remark(`${pointer}/gateway`, "not of the destination's IP version: the route is dropped", route.gateway);
	} else if (isUnspecified(gateway) && destination.prefixLength === 0) {
		remark(`${pointer}/gateway`, "a default route needs a router: the route is dropped", route.gateway);
	} else {
		return {
			...destination,
			pointer,
			...(isUnspecified(gateway) ? { onLink: false } : { gateway, onLink: isOffSubnet(gateway) }),
			...(route.metric !== undefined && { metric: route.metric }),
		};
	}
	return undefined;
}

/** Whether the route says what an address says already: the subnet is on the link. */
function isOwnSubnet(route: PlannedRoute, entries: readonly LocatedEntry[]): boolean {
	if (route.gateway !== undefined) return false;
	return entries.some(({ address }) => {
		return address?.subnet.network === route.network && address.subnet.prefixLength === route.prefixLength;
	});
}

function valuesOf({ network, netmask, gateway }: DescribedRoute): object {
	return { network, netmask, gateway };
}

/** Whether the kernel accepts the gateway without a declaration that it is on-link. */
function isReachable(gateway: string, entries: readonly LocatedEntry[]): boolean {
	if (isLinkLocal(gateway)) return true;
	return entries.some((entry) => {
		if (entry.version !== addressVersion(gateway)) return false;
		if (entry.address !== undefined) return cidrContains(entry.address.subnet, gateway);
		// The subnet comes with the lease or the router advertisement. The gateway is assumed to be in it.
		return !isStatic(entry);
	});
}
