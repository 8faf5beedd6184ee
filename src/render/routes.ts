import type { DescribedRoute } from "../documents/network-description.ts";
import type { AddRemark } from "../documents/reading.ts";
import {
	addressVersion,
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
	const gateways = new Set(located.map(({ route }) => route.gateway));
	for (const { route, pointer } of located) {
		// It only says that a gateway off the link is on it, as every format does in its own way.
		const isOnLink = isUnspecified(route.gateway) && isOfOneHost(route);
		if (isOnLink && gateways.has(route.network)) continue;
		// A host on the link is its own gateway.
		const gateway = isOnLink ? route.network : route.gateway;
		const planned = planRoute({ ...route, gateway }, pointer, entries, remark);
		if (planned === undefined) continue;
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
	const any = gateway.includes(":") ? "::" : "0.0.0.0";
	if (routes.some(({ network, netmask }) => network === any && netmask === any)) return located;
	const route: DescribedRoute = { network: any, netmask: any, gateway };
	return [{ route, pointer: `${pointer}/gateway` }, ...located];
}

function planRoute(
	route: DescribedRoute,
	pointer: string,
	entries: readonly LocatedEntry[],
	remark: AddRemark,
): PlannedRoute | undefined {
	const destination = parseNetwork(route.network, route.netmask);
	const gateway = parseAddress(route.gateway);
	if (destination === undefined) {
		remark(pointer, "no valid network and netmask: the route is dropped", valuesOf(route));
	} else if (isUnspecified(route.gateway)) {
		remark(`${pointer}/gateway`, "no format has routes without a gateway: the route is dropped", route.gateway);
	} else if (gateway === undefined || !isHostAddress(gateway)) {
		remark(`${pointer}/gateway`, "not the address of a router: the route is dropped", route.gateway);
	} else if (addressVersion(gateway) !== destination.version) {
		remark(`${pointer}/gateway`, "not of the destination's IP version: the route is dropped", route.gateway);
	} else {
		return {
			...destination,
			pointer,
			gateway,
			onLink: !isReachable(gateway, entries),
			...(route.metric !== undefined && { metric: route.metric }),
		};
	}
	return undefined;
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
