/** The guest's routes beside each other and its addresses: what can't be reached, what fights. */
import { cidrContains } from "../../instance/addresses.ts";
import type { IpVersion } from "../../instance/instance.ts";
import { type ClientSet, without } from "../clients.ts";
import { type DefaultRoute, defaultRoutesOf } from "../default-routes.ts";
import type { LinkView, NetworkView, RouteView } from "../document-view.ts";
import { ignored, inEveryClient, lost, type Rule, wrong } from "../rule.ts";

const noRoute = lost("the kernel refuses the route: the gateway is no neighbour");

export const routingRules: readonly Rule[] = [
	{
		id: "gateway-off-link",
		title: "A gateway in none of the link's subnets",
		fix: "write a gateway inside the subnet, or its link-local address",
		effects: { "cloud-init": noRoute, talos: noRoute, glean: noRoute, nuageinit: noRoute, afterburn: noRoute },
		*find({ links }) {
			for (const link of links) {
				for (const { pointer, gateway, network } of link.networks.flatMap(gatewaysOf)) {
					if (reaches(link, gateway)) continue;
					const message = `${gateway} is in none of the link's subnets`;
					yield { pointer, message, only: clientsOfGateway(pointer, network) };
				}
			}
		},
	},
	{
		id: "default-route-repeated",
		title: "Two default routes of a family on a link",
		fix: "leave one of them",
		effects: inEveryClient(wrong("takes one of them, or fails on the second")),
		*find({ links }) {
			for (const link of links) {
				for (const version of VERSIONS) {
					const [first, second] = defaultsOf(link, version);
					if (!first || !second) continue;
					yield { pointer: second.pointer, message: `${first.pointer} is the link's default route already` };
				}
			}
		},
	},
	{
		id: "default-route-on-two-links",
		title: "Default routes of a family on two links",
		fix: "leave the one on the guest's first link",
		effects: inEveryClient(wrong("two routes of one metric: which one rules changes from boot to boot")),
		*find(document) {
			for (const version of VERSIONS) {
				const [first, ...others] = document.links.flatMap((link) => defaultsOf(link, version).slice(0, 1));
				for (const other of first ? others : []) {
					const message = `${first?.pointer} is a default route already, on another link`;
					const only =
						first?.metric === other.metric ? other.network.readBy : without(other.network.readBy, "cloud-init");
					yield { pointer: other.pointer, message, only };
				}
			}
		},
	},
	{
		id: "default-route-beside-dhcp",
		title: "A static default route, and DHCPv4 on an earlier link",
		fix: "leave the static one out, if the first link's DHCP server hands out a router",
		effects: {
			"cloud-init": ignored("the static route has no metric and takes over from DHCP's (cloud-init issue 4246)"),
			talos: ignored("both routes have one metric"),
		},
		*find({ links }) {
			const dhcp = links.findIndex(({ networks }) => networks.some(({ type }) => type === "ipv4_dhcp"));
			if (dhcp < 0) return;
			for (const link of links.slice(dhcp + 1)) {
				const [route] = defaultsOf(link, 4);
				if (!route) continue;
				const message = `${links[dhcp]?.pointer} has DHCPv4, which hands out a default route too`;
				yield { pointer: route.pointer, message, only: route.network.readBy };
			}
		},
	},
	{
		id: "route-repeated",
		title: "Two routes to one destination",
		fix: "leave one of them",
		effects: inEveryClient(wrong("takes one of them, or fails on the second")),
		*find(document) {
			const seen = new Map<string, RouteView>();
			for (const route of document.networks.flatMap(({ routes }) => routes)) {
				const { destination, gateway, network } = route;
				if (!destination || !gateway || destination.prefixLength === 0) continue;
				const key = `${destination.network}/${destination.prefixLength}`;
				const first = seen.get(key);
				if (!first) seen.set(key, route);
				else if (first.gateway !== gateway || first.network.link !== network.link) {
					yield {
						pointer: route.pointer,
						message: `${first.pointer} goes to ${key} already`,
						only: readersOf(network),
					};
				}
			}
		},
	},
	{
		id: "ipv6-routes-unread",
		title: "A static IPv6 default route, for FreeBSD",
		fix: "nothing that suits all: nuageinit reads the network's own gateway, which gives others a second route",
		limitation: true,
		effects: { nuageinit: lost("reads no IPv6 routes: no default route") },
		*find({ networks }) {
			for (const network of networks) {
				const routes = network.type === "ipv6" ? defaultRoutesOf(network) : [];
				const [first] = routes;
				if (!first || routes.some(({ key }) => key === "gateway")) continue;
				yield { pointer: first.pointer, message: "the default route stands in routes alone", only: network.readBy };
			}
		},
	},
	{
		id: "host-routes-unread",
		title: "A route other than the default one on a static network",
		fix: "nothing, unless such guests need the route",
		limitation: true,
		effects: {
			"cloudbase-init": ignored("reads the default route alone"),
			afterburn: ignored("leaves it out in the initramfs"),
		},
		*find({ networks }) {
			for (const { isStatic, routes, readBy } of networks) {
				const route = routes.find(({ destination }) => destination && destination.prefixLength > 0);
				if (!isStatic || !route) continue;
				yield { pointer: route.pointer, message: "the route is no default route", only: readBy };
			}
		},
	},
	{
		id: "dhcp-routes-unread",
		title: "Routes on a network with DHCP or SLAAC",
		fix: "nothing, as long as the DHCP server or the router hands the routes out",
		limitation: true,
		effects: {
			"cloud-init": ignored("doesn't pass them on to netplan"),
			"cloudbase-init": ignored("leaves them out"),
			glean: ignored("leaves them out"),
			nuageinit: ignored("leaves them out"),
		},
		*find({ networks }) {
			for (const { isStatic, link, routes } of networks) {
				const [route] = routes;
				if (!isStatic && link && route) yield { pointer: route.pointer, message: "the network is not static" };
			}
		},
	},
];

const VERSIONS: readonly IpVersion[] = [4, 6];

function defaultsOf({ networks }: LinkView, version: IpVersion): DefaultRoute[] {
	return networks
		.filter(({ isStatic }) => isStatic)
		.flatMap(defaultRoutesOf)
		.filter((route) => route.version === version);
}

type Gateway = Pick<DefaultRoute, "pointer" | "gateway" | "network">;

/** Every gateway of a static network, its own `gateway` and those of its routes. */
function gatewaysOf(network: NetworkView): Gateway[] {
	if (!network.isStatic) return [];
	const own = defaultRoutesOf(network).filter(({ key }) => key === "gateway");
	const routed = network.routes.flatMap(({ pointer, gateway }) =>
		gateway ? [{ pointer: `${pointer}/gateway`, gateway, network }] : [],
	);
	return [...own, ...routed];
}

/** Whether the gateway is a neighbour, as far as the document tells: DHCP and SLAAC bring subnets of their own. */
function reaches({ networks }: LinkView, gateway: string): boolean {
	const version = gateway.includes(":") ? 6 : 4;
	if (/^fe[89ab]/.test(gateway)) return true;
	const family = networks.filter((network) => network.version === version);
	return (
		family.length === 0 || family.some(({ isStatic, subnet }) => !isStatic || !subnet || cidrContains(subnet, gateway))
	);
}

/** cloud-init puts its on-link flag to a network's own gateway; glean and Afterburn don't read that. */
function clientsOfGateway(pointer: string, network: NetworkView): ClientSet {
	if (pointer !== `${network.pointer}/gateway`) return readersOf(network);
	return without(network.readBy, "cloud-init", "glean", "afterburn");
}

/** nuageinit reads no IPv6 route. */
function readersOf(network: NetworkView): ClientSet {
	return network.version === 6 ? without(network.readBy, "nuageinit") : network.readBy;
}
