/** The guest's routes, beside each other and its addresses: what cannot be reached, and what contradicts. */
import { addressVersion, cidrContains, isLinkLocal, isUnspecified } from "../../instance/addresses.ts";
import { broadcastOf } from "../addressing.ts";
import { type Cell, configures, reads } from "../clients/cell.ts";
import { isDeclaredOnLink, isNoGateway } from "../clients/conditions.ts";
import {
	isDynamic,
	isNeutronPort,
	type LinkView,
	type NetworkView,
	parseGateway,
	type RouteView,
	routesOf,
} from "../document-view.ts";
import { member, show } from "../json.ts";
import type { Fault, FoundFault, Rule } from "../rule.ts";
import { onBothNetworks, onMember, onNetwork, onRoutes, onUnreadMember } from "./concerns.ts";

export const routingRules: readonly Rule[] = [
	{
		id: "gateway-off-link",
		title: "A gateway in none of the link's subnets",
		fix: "write a gateway inside the subnet, or its link-local address; if there is none, write it as the network's gateway",
		isLimitation: isBestForm,
		concerns: readsGateway,
		*find({ links }) {
			for (const link of links) {
				for (const gateway of link.networks.flatMap(gatewaysOf)) {
					if (reaches(link, gateway.value)) continue;
					const message = isUnspecified(gateway.value)
						? "the route has no gateway: its destination is on the link"
						: `${gateway.value} is in none of the link's subnets`;
					yield { ...gateway, message, link };
				}
			}
		},
	},
	{
		id: "gateway-unusable",
		title: "A gateway that is the guest's own address, or the broadcast address of its subnet",
		fix: "write the router's address, or leave the route out",
		// Of a guest that is the router itself, Nova says so, too.
		isLimitation: ({ link }) => isNeutronPort(link),
		effect: { outcome: "lost", text: "the system refuses the route: no router can have that address" },
		concerns: readsGateway,
		*find({ links, networks }) {
			const own = new Set(networks.flatMap(({ isStatic, address }) => (isStatic && address ? address.address : [])));
			for (const link of links) {
				const broadcasts = new Set(link.networks.map(({ subnet }) => subnet && broadcastOf(subnet)));
				for (const gateway of link.networks.flatMap(gatewaysOf)) {
					const { value } = gateway;
					if (own.has(value)) yield { ...gateway, message: `${value} is the guest's own address`, link };
					else if (broadcasts.has(value)) yield { ...gateway, message: `${value} is a broadcast address`, link };
				}
			}
		},
	},
	{
		id: "route-repeated",
		title: "Two routes to one destination",
		fix: "leave one of them",
		effect: { outcome: "wrong", text: "takes one of them, or fails on the second" },
		concerns: (cell, fault) => onBothNetworks(cell, fault) && onRoutes(cell, fault),
		*find(document) {
			const seen = new Map<string, RouteView>();
			for (const route of routesOf(document)) {
				const { destination, gateway, owner, pointer } = route;
				if (!destination || !gateway || destination.prefixLength === 0) continue;
				const key = `${destination.network}/${destination.prefixLength}`;
				const first = seen.get(key);
				if (!first) seen.set(key, route);
				else if (first.gateway !== gateway || first.owner.link !== owner.link) {
					const message = `${first.pointer} goes to ${key} already`;
					yield { pointer, message, route, network: owner, otherNetwork: first.owner };
				}
			}
		},
	},
	{
		id: "host-routes-unread",
		title: "A route other than the default route on a static network",
		fix: "nothing, unless such guests need the route",
		limitation: true,
		concerns: onNetwork,
		*find({ networks }) {
			for (const network of networks) {
				const route = network.routes.find(({ destination }) => destination && destination.prefixLength > 0);
				if (!network.isStatic || !route) continue;
				yield { pointer: route.pointer, message: "the route is not a default route", route, network };
			}
		},
	},
	{
		id: "route-metric-unread",
		title: "A route's metric, for clients that do not read it",
		fix: "nothing, unless two routes lead to the same destination",
		limitation: true,
		effect: { outcome: "wrong", text: "leaves it out: the route has the system's own metric" },
		concerns: (cell, fault) => onRoutes(cell, fault) && !onMember("routes[].metric")(cell, fault),
		*find(document) {
			for (const route of routesOf(document).filter(isSound)) {
				const value = member(route.raw, "metric");
				if (!isMetric(value)) continue;
				const pointer = `${route.pointer}/metric`;
				yield { pointer, message: `the metric is ${value}`, value, route, network: route.owner };
			}
		},
	},
	{
		id: "network-metric-unread",
		title: "A network's own `metric`, which few clients read",
		fix: "nothing, unless two routes lead to the same destination: give the routes the metric, too",
		limitation: true,
		effect: { outcome: "wrong", text: "leaves it out: the network's routes have the system's own metric" },
		concerns: onNetwork,
		*find({ networks }) {
			for (const network of networks) {
				const value = member(network.raw, "metric");
				if (!isMetric(value)) continue;
				yield { pointer: `${network.pointer}/metric`, message: `the metric is ${value}`, value, network };
			}
		},
	},
	{
		id: "network-metric-invalid",
		title: "A network's own `metric` that is not a number",
		fix: "write a number, or leave the metric out",
		concerns: onNetwork,
		*find({ networks }) {
			for (const network of networks) {
				const value = member(network.raw, "metric");
				if (value === undefined || isMetric(value)) continue;
				yield { pointer: `${network.pointer}/metric`, message: `the metric is ${show(value)}`, value, network };
			}
		},
	},
	{
		id: "dhcp-routes-unread",
		title: "Routes on a network with DHCP or SLAAC",
		fix: "nothing, as long as the DHCP server or the router hands the routes out",
		limitation: true,
		effect: { outcome: "ignored", text: "leaves them out" },
		concerns: onUnreadMember("networks[].routes"),
		*find({ networks }) {
			for (const network of networks) {
				const route = network.routes.find(isSound);
				if (!isDynamic(network) || !network.link || !route) continue;
				yield { pointer: route.pointer, message: "the network is not static", network };
			}
		},
	},
];

function isMetric(value: unknown): boolean {
	const text = typeof value === "string" || typeof value === "number" ? String(value) : "";
	return /^\d{1,10}$/.test(text) && Number(text) < 2 ** 32;
}

/** A route that a client can set: its parts are valid, and of one family. */
function isSound({ destination, gateway }: RouteView): boolean {
	return destination !== undefined && gateway !== undefined && destination.version === addressVersion(gateway);
}

type Gateway = Omit<FoundFault, "message"> & { readonly value: string };

/** Every gateway of a static network: its own `gateway` and those of its routes. */
function gatewaysOf(network: NetworkView): Gateway[] {
	if (!network.isStatic) return [];
	const own = parseGateway(member(network.raw, "gateway"));
	const routed = network.routes.flatMap((route) =>
		route.gateway ? [{ pointer: `${route.pointer}/gateway`, value: route.gateway, route, network }] : [],
	);
	return [...(own ? [{ pointer: `${network.pointer}/gateway`, value: own, network }] : []), ...routed];
}

/**
 * Whether no other form of what Neutron says suits more clients. A default route: as the network's own gateway alone, since in
 * routes it makes more clients fail. Any other: with a route that says that its gateway is on the link, or that is one.
 */
function isBestForm(fault: Fault): boolean {
	const { link, network, route } = fault;
	if (!isNeutronPort(link) || network === undefined) return false;
	if (route === undefined) return !hasDefaultRoute(network);
	return route.destination?.prefixLength !== 0 && (isNoGateway(fault) || isDeclaredOnLink(fault));
}

/** Whether its routes have a default route. */
function hasDefaultRoute({ routes }: NetworkView): boolean {
	return routes.some(({ destination }) => destination?.prefixLength === 0);
}

/** In routes, a gateway outside its subnet makes even more clients fail: Neutron can do no better. */
export function isOutsideOfPort({ network, value }: Fault): boolean {
	return network !== undefined && isNeutronPort(network.link) && !isInSubnet(network, String(value));
}

/** Whether the gateway is in the network's own subnet, or a link-local address. */
function isInSubnet({ subnet }: NetworkView, gateway: string): boolean {
	return subnet === undefined || isLinkLocal(gateway) || cidrContains(subnet, gateway);
}

/** Whether the gateway is a neighbour, as far as the document says: DHCP and SLAAC bring subnets of their own. */
function reaches({ networks }: LinkView, gateway: string): boolean {
	const version = gateway.includes(":") ? 6 : 4;
	if (isLinkLocal(gateway)) return true;
	const family = networks.filter((network) => network.version === version);
	return (
		family.length === 0 || family.some(({ isStatic, subnet }) => !isStatic || !subnet || cidrContains(subnet, gateway))
	);
}

/** The client reads the member that holds the fault's gateway: a route, or the network's own `gateway`. */
export function readsGateway(cell: Cell, { network, route }: Pick<Fault, "network" | "route">): boolean {
	if (network === undefined || !configures(cell, network)) return false;
	return reads(cell, route ? "networks[].routes" : "networks[].gateway", { network, ...(route && { route }) });
}
