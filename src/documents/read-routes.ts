import { addressVersion, anyAddress, canonicalAddress, isUnspecified } from "../instance/addresses.ts";
import { withoutDefaultWord, withoutZone } from "../instance/foreign-words.ts";
import { type AcceptedNetworkEntry, AcceptedRoute } from "./accepted-network-data.ts";
import type { DescribedRoute } from "./network-description.ts";
import { readSubnet } from "./read-subnets.ts";
import { itemsOf, type Reading, remarkUnused } from "./reading.ts";

/**
 * The routes of a network. Its own `gateway` is a default route, unless the routes have the same one.
 *
 * @param metric the network's own: that of its gateway, and of routes without one, as in cloud-init since 25.2
 */
export function readRoutes(
	item: AcceptedNetworkEntry,
	metric: Metric,
	pointer: string,
	reading: Reading,
): DescribedRoute[] {
	const routes = itemsOf(item.routes, `${pointer}/routes`, reading).flatMap(([route, at]) =>
		readRoute(route, at, reading).map((read) => reading.from(at, { ...read, ...metric, ...metricOf(read) })),
	);
	if (!item.gateway) return routes;
	const at = `${pointer}/gateway`;
	const gateway = canonicalAddress(withoutZone(item.gateway));
	if (gateway === undefined) {
		reading.remark(at, "not an IP address: dropped", item.gateway);
		return routes;
	}
	const any = anyAddress(addressVersion(gateway));
	const known = routes.find((route) => route.network === any && route.netmask === any);
	if (known === undefined) {
		reading.remark(at, "converted to a default route", item.gateway);
		return [reading.from(at, { network: any, netmask: any, gateway, ...metric }), ...routes];
	}
	if (known.gateway !== gateway) {
		reading.remark(at, "the routes have another default route: dropped", item.gateway);
	}
	return routes;
}

function readRoute(route: AcceptedRoute, pointer: string, reading: Reading): DescribedRoute[] {
	remarkUnused(route, AcceptedRoute.properties, pointer, reading);
	const { network, destination, netmask } = route;
	if (!network && destination) reading.remark(`${pointer}/destination`, "converted to network", destination);
	if (network && destination && destination !== network)
		reading.remark(`${pointer}/destination`, "contradicts network: dropped", destination);
	const key = network ? "network" : "destination";
	const gateway = canonicalAddress(withoutZone(route.gateway ?? ""));
	const text = withoutDefaultWord(network || destination, gateway === undefined ? undefined : addressVersion(gateway));
	const subnet = readSubnet({ text, mask: netmask, key }, pointer, reading);
	if (subnet === undefined || gateway === undefined) {
		const { services: _, ...shown } = route;
		reading.remark(pointer, "no valid network and gateway: the route is dropped", shown);
		return [];
	}
	const isAny = isUnspecified(subnet.ip);
	const mask = subnet.mask ?? (isAny ? subnet.ip : undefined);
	if (mask === undefined) {
		reading.remark(`${pointer}/netmask`, "no netmask: the route is dropped", netmask ?? undefined);
		return [];
	}
	if (subnet.mask === undefined) reading.remark(`${pointer}/netmask`, "missing: read as a default route");
	if (gateway !== route.gateway) reading.remark(`${pointer}/gateway`, "converted to canonical form", route.gateway);
	const metric = readMetric(route.metric, `${pointer}/metric`, reading);
	return [reading.from(pointer, { network: subnet.ip, netmask: mask, gateway, ...metric })];
}

/** A metric, if there is one. */
export interface Metric {
	readonly metric?: number;
}

function metricOf({ metric }: DescribedRoute): Metric {
	return metric === undefined ? {} : { metric };
}

/** The kernel's metrics have 32 bits. IPv6 has no metric 0, which means the default there. */
export function readMetric(given: string | number | null | undefined, pointer: string, reading: Reading): Metric {
	if (given === undefined || given === null) return {};
	const metric = typeof given === "string" && !/^\d{1,10}$/.test(given) ? Number.NaN : Number(given);
	if (Number.isInteger(metric) && metric >= 0 && metric < 2 ** 32) return { metric };
	reading.remark(pointer, "not 0 to 4294967295: dropped", given);
	return {};
}
