/** Default routes: how many there are, where they are, and whether clients read them there. */
import type { IpVersion } from "../../instance/instance.ts";
import { type Cell, reads } from "../clients/cell.ts";
import { type DefaultRoute, defaultRoutesOf } from "../default-routes.ts";
import { dynamicNetworkOf, isDynamic, type LinkView, type NetworkView, type RouteView } from "../document-view.ts";
import { isBlank, member, valueText } from "../json.ts";
import type { Fault, Rule } from "../rule.ts";
import { onBothNetworks, onNetwork } from "./concerns.ts";
import { isOutsideOfPort, readsGateway } from "./routing.ts";

const VERSIONS: readonly IpVersion[] = [4, 6];
/** How a link learns of its routers: DHCPv6 hands out none. */
export const LEARNED: Readonly<Record<IpVersion, string>> = { 4: "DHCPv4", 6: "IPv6 router advertisements" };

export const defaultRouteRules: readonly Rule[] = [
	{
		id: "default-route-twice",
		title: "Two default routes in `routes` on a link, even to the same gateway, for clients that refuse the second",
		fix: "leave one of them",
		concerns: readsBoth,
		*find({ links }) {
			for (const link of links) {
				const firsts = new Map<IpVersion | undefined, RouteView>();
				for (const route of link.networks.flatMap(writtenDefaults)) {
					const { pointer, owner: network } = route;
					const first = firsts.get(network.version);
					if (!firsts.has(familyOf(route))) firsts.set(familyOf(route), route);
					if (!first) continue;
					const message = `${first.pointer} is the link's default route already`;
					yield { pointer, message, link, network, route, otherNetwork: first.owner, otherRoute: first };
				}
			}
		},
	},
	{
		id: "default-route-repeated",
		title: "Two default routes of a family on a link",
		fix: "leave one of them",
		effect: { outcome: "wrong", text: "takes one of them, or fails on the second" },
		concerns: readsBoth,
		*find({ links }) {
			for (const link of links) {
				for (const version of VERSIONS) {
					const routes = defaultsOf(link, version);
					const second = routes.find((route) => route.gateway !== routes[0]?.gateway);
					if (!routes[0] || !second) continue;
					const message = `${routes[0].pointer} is the link's default route already`;
					yield { ...faultOf(second, message, routes[0]), value: second.gateway, otherValue: routes[0].gateway, link };
				}
			}
		},
	},
	{
		id: "default-route-on-two-links",
		title: "Default routes of a family on two links",
		fix: "keep the one on the guest's first link",
		effect: {
			outcome: "wrong",
			text: "two routes with the same metric: which one is used may change from boot to boot",
		},
		concerns: (cell, fault) => {
			const { otherNetwork, otherRoute } = fault;
			return readsBoth(cell, fault) && metricIn(cell, fault) === metricIn(cell, partsOf(otherNetwork, otherRoute));
		},
		*find({ links }) {
			for (const version of VERSIONS) {
				const [first, ...others] = links.flatMap((link) => defaultsOf(link, version).slice(0, 1));
				for (const other of first ? others : []) {
					const message = `${first?.pointer} is a default route already, on another link`;
					yield faultOf(other, message, first);
				}
			}
		},
	},
	{
		id: "default-route-beside-dhcp",
		title: "A static default route, and DHCP or SLAAC of its family on an earlier link",
		fix: "leave the static one out, if the first link gets a router by DHCP or router advertisements",
		concerns: readsGateway,
		*find({ links }) {
			for (const version of VERSIONS) {
				const dynamic = links.findIndex((link) => dynamicNetworkOf(link, version));
				const [first, ...others] = dynamic < 0 ? [] : links.slice(dynamic);
				for (const [route] of others.map((link) => defaultsOf(link, version))) {
					if (!route) continue;
					const message = `${first?.pointer} gets a default route from ${LEARNED[version]} too`;
					yield faultOf(route, message);
				}
			}
		},
	},
	{
		id: "default-route-in-gateway-alone",
		title: "A default route that is written only as a network's own `gateway`",
		fix: "add it to routes: network and netmask 0.0.0.0 (:: for IPv6), and the gateway",
		isLimitation: isOutsideOfPort,
		effect: { outcome: "lost", text: "does not read gateway: no default route" },
		concerns: (cell, fault) => onNetwork(cell, fault) && !readsGateway(cell, fault),
		*find({ networks }) {
			for (const network of networks) {
				const [first, ...others] = network.isStatic ? defaultRoutesOf(network) : [];
				if (first?.key !== "gateway" || others.some(({ version }) => version === first.version)) continue;
				yield { ...faultOf(first, "the network's default route is only in gateway"), value: first.gateway };
			}
		},
	},
	{
		id: "ipv6-routes-unread",
		title: "A static IPv6 default route in `routes`, for clients that do not read IPv6 routes",
		fix: "nothing that suits every client: such guests read the network's own gateway, which gives others a second route",
		limitation: true,
		effect: { outcome: "lost", text: "does not read IPv6 routes: no default route" },
		concerns: (cell, fault) => onNetwork(cell, fault) && !readsGateway(cell, fault),
		*find({ networks }) {
			for (const network of networks) {
				const routes = network.isStatic && network.version === 6 ? defaultRoutesOf(network) : [];
				const [first] = routes;
				if (!first || routes.some(({ key }) => key === "gateway")) continue;
				yield faultOf(first, "the default route is only in routes");
			}
		},
	},
];

/**
 * The default routes among a network's `routes`, whose gateways may be invalid. A network with DHCPv6 or SLAAC has none: its
 * routers are those that advertise themselves.
 */
function writtenDefaults(network: NetworkView): RouteView[] {
	if (isDynamic(network) && network.version === 6) return [];
	return network.routes.filter(({ address, destination, raw }) => {
		const isDefault = destination?.prefixLength === 0 && address?.address === destination.network;
		return isDefault && !isBlank(member(raw, "gateway"));
	});
}

/** As clients tell it: by the network, or else by the gateway. */
function familyOf({ owner, raw }: RouteView): IpVersion {
	return owner.version === 6 || valueText(member(raw, "gateway")).includes(":") ? 6 : 4;
}

function faultOf(route: DefaultRoute, message: string, other?: DefaultRoute) {
	return {
		pointer: route.pointer,
		message,
		network: route.network,
		...(route.route && { route: route.route }),
		...(other && { otherNetwork: other.network, ...(other.route && { otherRoute: other.route }) }),
	};
}

/** The default routes of a family that are written on a link's static networks. */
function defaultsOf({ networks }: LinkView, version: IpVersion): DefaultRoute[] {
	return networks
		.filter(({ isStatic }) => isStatic)
		.flatMap(defaultRoutesOf)
		.filter((route) => route.version === version);
}

function readsBoth(cell: Cell, fault: Fault): boolean {
	const { otherNetwork: network, otherRoute: route } = fault;
	return onBothNetworks(cell, fault) && readsGateway(cell, fault) && readsGateway(cell, partsOf(network, route));
}

type Parts = Pick<Fault, "network" | "route">;

function partsOf(network: NetworkView | undefined, route: RouteView | undefined): Parts {
	return { ...(network && { network }), ...(route && { route }) };
}

/** The metric that the client gives a default route: the route's own, or else its network's. */
function metricIn(cell: Cell, { network, route }: Parts): string {
	const own = route && reads(cell, "routes[].metric", { route }) ? member(route.raw, "metric") : undefined;
	const isRead = network && reads(cell, "networks[].metric", partsOf(network, route));
	return String(own ?? (isRead ? member(network.raw, "metric") : undefined) ?? "");
}
