/** A route's own members: whether they are there, and in a form that every client reads. */
import { parseAddress, parseMask } from "../addressing.ts";
import type { Client } from "../clients.ts";
import {
	bounded,
	type DocumentView,
	LONGEST,
	type NetworkView,
	parseGateway,
	placeOf,
	type RouteView,
} from "../document-view.ts";
import { isBlank, isObject, member, show } from "../json.ts";
import { crash, lost, type Rule, wrong } from "../rule.ts";

const pluginFails = crash("the network plugin fails: nothing is configured");
const unparsable = crash("can't parse it and gives up the whole drive: no network, host name or keys");
const talosStops = crash('"failed to parse route": no networking from the document');
const refused = lost("writes it as it is: the system refuses the route");
const netplanRefuses = lost("netplan refuses the whole file: no NIC comes up");
/** An address with a prefix netplan passes on. */
const gatewayRefused = lost("netplan refuses the whole file, or the system the route");

export const routeRules: readonly Rule[] = [
	{
		id: "routes-type",
		title: "`routes` is null or no list",
		fix: "write a list, empty if need be",
		effects: {
			"cloud-init": crash("TypeError: no NIC is configured"),
			"cloudbase-init": pluginFails,
			talos: lost("configures no routes"),
			glean: crash("stops: no NIC is configured"),
			nuageinit: crash("stops: no network, host name or users"),
			afterburn: unparsable,
		},
		*find({ networks }) {
			for (const network of networks) {
				const routes = member(network.raw, "routes");
				if (routes === undefined || Array.isArray(routes)) continue;
				const readers = new Set<Client>([...routeReaders(network), "afterburn"]);
				// To Talos null is an empty list; to cloud-init so is an empty object or text.
				if (routes === null) readers.delete("talos");
				else if (typeof routes !== "number" && typeof routes !== "boolean" && isBlank(routes))
					readers.delete("cloud-init");
				yield { pointer: `${network.pointer}/routes`, message: `routes is ${show(routes)}, not a list`, only: readers };
			}
		},
	},
	{
		id: "route-type",
		title: "A route that is no object",
		fix: "take the entry out",
		effects: {
			"cloud-init": crash("no NIC is configured"),
			"cloudbase-init": pluginFails,
			talos: talosStops,
			glean: crash("stops: no NIC is configured"),
			nuageinit: crash("stops: no network, host name or users"),
			afterburn: unparsable,
		},
		*find({ networks }) {
			for (const network of networks) {
				for (const [index, item] of bounded(member(network.raw, "routes"), LONGEST.routes).entries()) {
					if (isObject(item)) continue;
					const only = new Set<Client>([...routeReaders(network), "afterburn"]);
					yield {
						pointer: `${network.pointer}/routes/${index}`,
						message: `the route is ${show(item)}, not an object`,
						only,
					};
				}
			}
		},
	},
	{
		id: "route-gateway-missing",
		title: "A route without a gateway",
		fix: "write the gateway, or take the route out: the subnet's own needs none",
		effects: {
			"cloud-init": netplanRefuses,
			"cloudbase-init": wrong("leaves the route out"),
			talos: talosStops,
			glean: crash("KeyError: no NIC is configured"),
			nuageinit: crash("stops: no network, host name or users"),
			afterburn: unparsable,
		},
		*find(document) {
			for (const route of routesOf(document)) {
				if (!isBlank(member(route.raw, "gateway"))) continue;
				yield { pointer: placeOf(route, "gateway"), message: "the route has no gateway", only: netplanReaders(route) };
			}
		},
	},
	{
		id: "route-gateway-invalid",
		title: "A gateway that is no address",
		fix: "write the gateway's address without a prefix",
		effects: {
			"cloud-init": gatewayRefused,
			"cloudbase-init": crash("Windows refuses a default route of this kind: no further address is set"),
			talos: talosStops,
			glean: refused,
			nuageinit: refused,
			afterburn: crash("can't parse it: no NIC is configured"),
		},
		*find(document) {
			for (const route of routesOf(document)) {
				const gateway = member(route.raw, "gateway");
				if (isBlank(gateway) || route.gateway) continue;
				const only = netplanReaders(route);
				if (route.destination?.prefixLength !== 0) only.delete("cloudbase-init");
				yield { pointer: `${route.pointer}/gateway`, message: `${show(gateway)} is no address`, only };
			}
		},
	},
	{
		id: "gateway-invalid",
		title: "A network's own `gateway` that is no address",
		fix: "write the gateway's address without a prefix, or a default route instead",
		effects: {
			"cloud-init": gatewayRefused,
			talos: crash('"failed to parse gateway ip": no networking from the document'),
			nuageinit: refused,
		},
		*find({ networks }) {
			for (const { pointer, raw, isStatic, readBy } of networks) {
				const gateway = member(raw, "gateway");
				if (!isStatic || isBlank(gateway) || parseGateway(gateway)) continue;
				yield { pointer: `${pointer}/gateway`, message: `${show(gateway)} is no address`, only: readBy };
			}
		},
	},
	{
		id: "route-network-invalid",
		title: "A route without a destination, or one that is no address",
		fix: "write the destination's address into network, 0.0.0.0 or :: for a default route",
		effects: {
			"cloud-init": crash("ValueError: no NIC is configured"),
			"cloudbase-init": pluginFails,
			talos: talosStops,
			glean: crash("stops, or writes a route that the system refuses"),
			nuageinit: crash("stops, or writes a route that the system refuses"),
			afterburn: crash("can't parse it: no NIC is configured"),
		},
		*find(document) {
			for (const route of routesOf(document)) {
				const network = member(route.raw, "network");
				if (route.address) continue;
				const message = isBlank(network) ? "the route has no destination" : `${show(network)} is no address`;
				const only = routeReaders(route.network);
				// It takes destination for network, and since 23.3 the word default for an address.
				const other = isBlank(network) ? member(route.raw, "destination") : network;
				if (other === "default" || parseAddress(other)) only.delete("cloud-init");
				yield { pointer: placeOf(route, "network"), message, only };
			}
		},
	},
	{
		id: "route-netmask-missing",
		title: "A route without a mask",
		fix: "write netmask: 255.255.0.0, ffff:ffff::, 0.0.0.0 or :: for a default route",
		effects: {
			"cloud-init": wrong("assumes /24, for IPv6 /64, also for a default route"),
			"cloudbase-init": wrong("assumes /32, for IPv6 /128: takes no such route for the default route"),
			talos: wrong("assumes /32, for IPv6 /128, also for a default route"),
			glean: crash("KeyError: no NIC is configured"),
			nuageinit: crash("stops: no network, host name or users"),
			afterburn: unparsable,
		},
		*find(document) {
			for (const route of routesOf(document)) {
				const { address } = route;
				if (!address || address.ownPrefix !== undefined || !isBlank(member(route.raw, "netmask"))) continue;
				const only = routeReaders(route.network);
				if (address.address === "0.0.0.0") only.delete("nuageinit");
				yield { pointer: placeOf(route, "netmask"), message: "the route has no mask", only };
			}
		},
	},
	{
		id: "route-netmask-invalid",
		title: "A route's mask that is none for its destination",
		fix: "write netmask: 255.255.0.0, ffff:ffff::, 0.0.0.0 or :: for a default route",
		effects: {
			"cloud-init": crash("ValueError: no NIC is configured"),
			"cloudbase-init": pluginFails,
			talos: talosStops,
			glean: refused,
			nuageinit: refused,
			afterburn: crash("can't parse it: no NIC is configured"),
		},
		*find(document) {
			for (const route of routesOf(document)) {
				const { address } = route;
				const mask = member(route.raw, "netmask");
				if (!address || isBlank(mask) || parseMask(mask, address.version) !== undefined) continue;
				const only = routeReaders(route.network);
				if (address.ownPrefix !== undefined) for (const client of ["cloud-init", "talos"] as const) only.delete(client);
				yield { pointer: `${route.pointer}/netmask`, message: `${show(mask)} is no mask for the destination`, only };
			}
		},
	},
	{
		id: "route-prefix",
		title: "A route's mask behind its destination (`10.8.0.0/16`)",
		fix: "write the plain address into network, and netmask beside it",
		effects: {
			"cloudbase-init": pluginFails,
			glean: crash("KeyError, or a route that the system refuses"),
			nuageinit: crash("stops, or writes a route that the system refuses"),
			afterburn: crash("can't parse it: no NIC is configured"),
		},
		*find(document) {
			for (const route of routesOf(document)) {
				const network = member(route.raw, "network");
				if (route.address?.ownPrefix === undefined) continue;
				const only = routeReaders(route.network);
				if (isBlank(member(route.raw, "netmask"))) only.delete("cloudbase-init");
				yield { pointer: `${route.pointer}/network`, message: `the destination is ${show(network)}`, only };
			}
		},
	},
	{
		id: "route-gateway-family",
		title: "A route whose gateway is of the other family",
		fix: "write a gateway of the destination's family",
		effects: {
			"cloud-init": netplanRefuses,
			"cloudbase-init": lost("sets it as the gateway of the wrong family (cloudbase-init pull request 191)"),
			glean: refused,
			nuageinit: refused,
			afterburn: lost("writes it as it is: the system refuses the route"),
		},
		*find(document) {
			for (const route of routesOf(document)) {
				const { destination, gateway } = route;
				if (!destination || !gateway || (destination.version === 6) === gateway.includes(":")) continue;
				const only = netplanReaders(route);
				if (destination.prefixLength !== 0) only.delete("cloudbase-init");
				yield { pointer: `${route.pointer}/gateway`, message: `${gateway} is of the other family`, only };
			}
		},
	},
	{
		id: "route-network-family",
		title: "A route of the other family than its network",
		fix: "move the route to a network of its own family",
		effects: {
			"cloudbase-init": lost("sets it as the gateway of the wrong family (cloudbase-init pull request 191)"),
			glean: refused,
			nuageinit: refused,
		},
		*find(document) {
			for (const route of routesOf(document)) {
				const { destination, network } = route;
				if (!destination || !network.version || destination.version === network.version) continue;
				const only = routeReaders(network);
				if (destination.prefixLength !== 0) only.delete("cloudbase-init");
				yield {
					pointer: route.pointer,
					message: `an IPv${destination.version} route on an IPv${network.version} network`,
					only,
				};
			}
		},
	},
];

function routesOf({ networks }: DocumentView): RouteView[] {
	return networks.flatMap(({ routes }) => routes);
}

/** The clients that come to a network's routes: Windows, glean and FreeBSD on static networks alone. */
function routeReaders({ type, link, isStatic, readBy }: NetworkView): Set<Client> {
	const readers = new Set<Client>(readBy);
	if (link) readers.add("cloud-init").add("afterburn");
	if (!isStatic) for (const client of ["cloudbase-init", "glean", "nuageinit"] as const) readers.delete(client);
	if (type !== "ipv4") readers.delete("nuageinit");
	return readers;
}

/** The same without cloud-init on a network with DHCP or SLAAC, whose routes never get to netplan. */
function netplanReaders({ network }: RouteView): Set<Client> {
	const readers = routeReaders(network);
	if (!network.isStatic) readers.delete("cloud-init");
	return readers;
}
