/** The members of a route except its gateway: whether they are there, and in a form that every client reads. */
import { isBits, parseMask } from "../addressing.ts";
import { bounded, LONGEST, memberPointer, routesOf } from "../document-view.ts";
import { isBlank, isObject, member, show } from "../json.ts";
import type { Rule } from "../rule.ts";
import { onMember, onParsedRoutes, onRouteList, onRoutes } from "./concerns.ts";

export const routeRules: readonly Rule[] = [
	{
		id: "routes-type",
		title: "`routes` is null or not a list",
		fix: "write a list, even if it is empty",
		concerns: onRouteList,
		*find({ networks }) {
			for (const network of networks) {
				const value = member(network.raw, "routes");
				if (value === undefined || Array.isArray(value)) continue;
				const message = `routes is ${show(value)}, not a list`;
				yield { pointer: `${network.pointer}/routes`, message, value, network };
			}
		},
	},
	{
		id: "route-type",
		title: "A route that is not an object",
		fix: "remove the entry",
		concerns: onRouteList,
		*find({ networks }) {
			for (const network of networks) {
				for (const [index, value] of bounded(member(network.raw, "routes"), LONGEST.routes).entries()) {
					if (isObject(value)) continue;
					const pointer = `${network.pointer}/routes/${index}`;
					yield { pointer, message: `the route is ${show(value)}, not an object`, value, network };
				}
			}
		},
	},
	{
		id: "route-network-invalid",
		title: "A route without a destination, or with an invalid one",
		fix: "set network to the destination's address, 0.0.0.0 or :: for a default route",
		concerns: onRouteList,
		*find(document) {
			for (const route of routesOf(document)) {
				const value = member(route.raw, "network");
				if (route.address && route.key === "network") continue;
				const message = isBlank(value) ? "the route has no destination" : `${show(value)} is not a valid address`;
				yield { pointer: memberPointer(route, "network"), message, value, route, network: route.owner };
			}
		},
	},
	{
		id: "route-destination-other",
		title: "A route whose `destination` is not its `network`",
		fix: "leave destination out",
		concerns: (cell, fault) => onRouteList(cell, fault) && onMember("routes[].destination")(cell, fault),
		*find(document) {
			for (const route of routesOf(document)) {
				if (route.key !== "network" || !route.isContradicted) continue;
				const value = member(route.raw, "destination");
				const network = member(route.raw, "network");
				const message = `destination is ${show(value)}, network is ${show(network)}`;
				yield { pointer: `${route.pointer}/destination`, message, value, route, network: route.owner };
			}
		},
	},
	{
		id: "route-host-bits",
		title: "A route whose destination is an address inside a network, not the network",
		fix: "write the network's own address, 192.168.0.0 for 192.168.0.7 with the mask 255.255.255.0",
		concerns: onRoutes,
		*find(document) {
			for (const route of routesOf(document)) {
				const { address, destination, owner: network } = route;
				if (!address || !destination || address.address === destination.network) continue;
				const message = `${address.address} is inside ${destination.network}/${destination.prefixLength}`;
				yield { pointer: memberPointer(route, route.key), message, value: address.address, route, network };
			}
		},
	},
	{
		id: "route-netmask-missing",
		title: "A route without a mask",
		fix: "write netmask: 255.255.0.0, ffff:ffff::, 0.0.0.0 or :: for a default route",
		concerns: onParsedRoutes,
		*find(document) {
			for (const route of routesOf(document)) {
				const { address } = route;
				const value = member(route.raw, "netmask");
				if (!address || address.ownPrefix !== undefined || !isBlank(value)) continue;
				const pointer = memberPointer(route, "netmask");
				yield { pointer, message: "the route has no mask", value, route, network: route.owner };
			}
		},
	},
	{
		id: "route-netmask-invalid",
		title: "A route's mask that does not fit its destination",
		fix: "write netmask: 255.255.0.0, ffff:ffff::, 0.0.0.0 or :: for a default route",
		concerns: onParsedRoutes,
		*find(document) {
			for (const route of routesOf(document)) {
				const { address } = route;
				const value = member(route.raw, "netmask");
				if (!address || isBlank(value) || parseMask(value, address.version) !== undefined) continue;
				const message = `${show(value)} is not a valid mask for the destination`;
				yield { pointer: `${route.pointer}/netmask`, message, value, route, network: route.owner };
			}
		},
	},
	{
		id: "route-netmask-bits",
		title: "A route's mask as a number of bits",
		fix: "write netmask: 255.255.0.0, ffff:ffff::, 0.0.0.0 or :: for a default route",
		concerns: onParsedRoutes,
		*find(document) {
			for (const route of routesOf(document)) {
				const value = member(route.raw, "netmask");
				if (!route.destination || route.address?.ownPrefix !== undefined || isBlank(value) || !isBits(value)) continue;
				const message = `the mask is ${show(value)}`;
				yield { pointer: `${route.pointer}/netmask`, message, value, route, network: route.owner };
			}
		},
	},
	{
		id: "ipv6-route-mask",
		title: "An IPv6 route whose mask is an address (`ffff:ffff::`), for clients that read only a number of bits",
		fix: "nothing that suits every client: such guests need a number of bits, which glean does not read",
		limitation: true,
		concerns: onRoutes,
		*find(document) {
			for (const route of routesOf(document)) {
				const value = member(route.raw, "netmask");
				if (route.destination?.version !== 6 || route.address?.ownPrefix !== undefined || isBits(value)) continue;
				const message = `the mask is ${show(value)}`;
				yield { pointer: `${route.pointer}/netmask`, message, value, route, network: route.owner };
			}
		},
	},
	{
		id: "route-netmask-zero",
		title: "A route to a network with a mask of zeros, which is that of a default route",
		fix: "write the network's mask, or 0.0.0.0 (::) as the destination of a default route",
		effect: { outcome: "wrong", text: "the system refuses the route, or treats it as a default route" },
		concerns: onRoutes,
		*find(document) {
			for (const route of routesOf(document)) {
				const { address, destination, owner } = route;
				if (!address || destination?.prefixLength !== 0 || address.address === destination.network) continue;
				const pointer = memberPointer(route, "netmask");
				yield { pointer, message: `the mask of ${address.address} is zero`, route, network: owner };
			}
		},
	},
	{
		id: "route-prefix",
		title: "A route's mask after its destination (`10.8.0.0/16`)",
		fix: "set network to the plain address, and netmask beside it",
		concerns: onParsedRoutes,
		*find(document) {
			for (const route of routesOf(document)) {
				const value = member(route.raw, route.key);
				if (route.address?.ownPrefix === undefined) continue;
				const pointer = `${route.pointer}/${route.key}`;
				yield { pointer, message: `the destination is ${show(value)}`, value, route, network: route.owner };
			}
		},
	},
	{
		id: "route-network-family",
		title: "A route of another family than its network",
		fix: "move the route to a network of its own family",
		concerns: onParsedRoutes,
		*find(document) {
			for (const route of routesOf(document)) {
				const { destination, owner, pointer } = route;
				if (!destination || !owner.version || destination.version === owner.version) continue;
				const message = `an IPv${destination.version} route on an IPv${owner.version} network`;
				yield { pointer, message, route, network: owner };
			}
		},
	},
	{
		id: "route-metric-invalid",
		title: "A route's metric that is not a number",
		fix: "write a number, or leave the metric out",
		concerns: onParsedRoutes,
		*find(document) {
			for (const route of routesOf(document)) {
				const value = member(route.raw, "metric");
				if (value === undefined || value === null || value === "") continue;
				if (
					typeof value === "number"
						? Number.isInteger(value) && value >= 0 && value < 2 ** 32
						: typeof value === "string" && /^\d{1,9}$/.test(value)
				)
					continue;
				const pointer = `${route.pointer}/metric`;
				yield { pointer, message: `the metric is ${show(value)}`, value, route, network: route.owner };
			}
		},
	},
];
