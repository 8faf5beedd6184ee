/** A route's own members but its gateway: whether they are there, and in a form that every client reads. */
import { parseAddress, parseMask } from "../addressing.ts";
import type { Client } from "../clients.ts";
import { bounded, LONGEST, placeOf } from "../document-view.ts";
import {
	afterburnFails,
	afterburnGivesUp,
	gleanStops,
	keyError,
	nuageinitStops,
	systemRefuses,
	valueError,
	windowsPluginFails,
} from "../effects.ts";
import { isBlank, isObject, member, show } from "../json.ts";
import { routeReaders, routesOf } from "../route-readers.ts";
import { crash, lost, type Rule, wrong } from "../rule.ts";

const talosStops = crash('"failed to parse route": no networking from the document');

export const routeRules: readonly Rule[] = [
	{
		id: "routes-missing",
		title: "A static network without `routes`",
		fix: "write an empty list",
		effects: { glean: keyError },
		*find({ networks }) {
			for (const { pointer, raw, isStatic, readBy } of networks) {
				if (!isStatic || Object.hasOwn(raw, "routes")) continue;
				yield { pointer, message: "the network has no routes", only: readBy };
			}
		},
	},
	{
		id: "routes-type",
		title: "`routes` is null or no list",
		fix: "write a list, empty if need be",
		effects: {
			"cloud-init": crash("TypeError: no NIC is configured"),
			"cloudbase-init": windowsPluginFails,
			talos: lost("configures no routes"),
			glean: gleanStops,
			nuageinit: nuageinitStops,
			afterburn: afterburnGivesUp,
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
			"cloudbase-init": windowsPluginFails,
			talos: talosStops,
			glean: gleanStops,
			nuageinit: nuageinitStops,
			afterburn: afterburnGivesUp,
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
		id: "route-network-invalid",
		title: "A route without a destination, or one that is no address",
		fix: "write the destination's address into network, 0.0.0.0 or :: for a default route",
		effects: {
			"cloud-init": valueError,
			"cloudbase-init": windowsPluginFails,
			talos: talosStops,
			glean: crash("stops, or writes a route that the system refuses"),
			nuageinit: crash("stops, or writes a route that the system refuses"),
			afterburn: afterburnFails,
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
			glean: keyError,
			nuageinit: nuageinitStops,
			afterburn: afterburnGivesUp,
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
			"cloud-init": valueError,
			"cloudbase-init": windowsPluginFails,
			talos: talosStops,
			glean: systemRefuses,
			nuageinit: systemRefuses,
			afterburn: afterburnFails,
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
			"cloudbase-init": windowsPluginFails,
			glean: crash("KeyError, or a route that the system refuses"),
			nuageinit: crash("stops, or writes a route that the system refuses"),
			afterburn: afterburnFails,
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
		id: "route-network-family",
		title: "A route of the other family than its network",
		fix: "move the route to a network of its own family",
		effects: {
			"cloudbase-init": lost("sets it as the gateway of the wrong family (cloudbase-init pull request 191)"),
			glean: systemRefuses,
			nuageinit: systemRefuses,
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
