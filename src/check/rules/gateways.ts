/** Gateways: whether each is there, valid, and of the right family. */
import { addressVersion } from "../../instance/addresses.ts";
import { isNeutronPort, memberPointer, parseGateway, routesOf } from "../document-view.ts";
import { isBlank, member, show } from "../json.ts";
import type { Rule } from "../rule.ts";
import { onMember, onNetwork, onParsedRoutes, onRouteList } from "./concerns.ts";
import { isInSubnet } from "./routing.ts";

export const gatewayRules: readonly Rule[] = [
	{
		id: "route-gateway-missing",
		title: "A route without a gateway",
		fix: "write the gateway, or remove the route: the subnet's own needs none",
		concerns: onRouteList,
		*find(document) {
			for (const route of routesOf(document)) {
				const value = member(route.raw, "gateway");
				if (!isBlank(value)) continue;
				const pointer = memberPointer(route, "gateway");
				yield { pointer, message: "the route has no gateway", value, route, network: route.owner };
			}
		},
	},
	{
		id: "route-gateway-invalid",
		title: "A gateway that is not a valid address",
		fix: "write the gateway's address without a prefix",
		concerns: onRouteList,
		*find(document) {
			for (const route of routesOf(document)) {
				const value = member(route.raw, "gateway");
				if (isBlank(value) || route.gateway) continue;
				const message = `${show(value)} is not a valid address`;
				yield { pointer: `${route.pointer}/gateway`, message, value, route, network: route.owner };
			}
		},
	},
	{
		id: "gateway-invalid",
		title: "A network's own `gateway` that is not a valid address",
		fix: "write the gateway's address without a prefix, or a default route instead",
		concerns: (cell, fault) => onNetwork(cell, fault) && onMember("networks[].gateway")(cell, fault),
		*find({ networks }) {
			for (const network of networks) {
				const value = member(network.raw, "gateway");
				if (isBlank(value) || parseGateway(value)) continue;
				const pointer = `${network.pointer}/gateway`;
				yield { pointer, message: `${show(value)} is not a valid address`, value, network };
			}
		},
	},
	{
		id: "gateway-family",
		title: "A network's own `gateway` of the other family",
		fix: "move the gateway to a network of its family",
		concerns: (cell, fault) => onNetwork(cell, fault) && onMember("networks[].gateway")(cell, fault),
		*find({ networks }) {
			for (const network of networks) {
				const value = parseGateway(member(network.raw, "gateway"));
				if (value === undefined || !network.address || network.address.version === addressVersion(value)) continue;
				yield { pointer: `${network.pointer}/gateway`, message: `${value} is of the other family`, value, network };
			}
		},
	},
	{
		id: "ipv6-gateway",
		title: "A static IPv6 network's own `gateway`, for clients that take it for IPv4's",
		fix: "write it as a default route in routes",
		// In routes, a gateway outside its subnet makes even more clients fail.
		isLimitation: ({ network, value }) =>
			network !== undefined && isNeutronPort(network.link) && !isInSubnet(network, String(value)),
		concerns: onNetwork,
		*find({ networks }) {
			for (const network of networks) {
				const value = parseGateway(member(network.raw, "gateway"));
				if (value === undefined || !network.isStatic || network.version === 4 || addressVersion(value) === 4) continue;
				yield { pointer: `${network.pointer}/gateway`, message: `the gateway is ${value}`, value, network };
			}
		},
	},
	{
		id: "gateway-without-address",
		title: "A network's own `gateway`, with DHCP or SLAAC alone in its family on the link",
		fix: "leave the gateway out: DHCP and router advertisements bring one",
		concerns: (cell, fault) => onNetwork(cell, fault) && onMember("networks[].gateway")(cell, fault),
		*find({ networks }) {
			for (const network of networks) {
				const value = member(network.raw, "gateway");
				const { pointer, link, version } = network;
				if (isBlank(value) || !link || version === undefined) continue;
				if (link.networks.some((other) => other.isStatic && other.version === version)) continue;
				const message = `the link has no static IPv${version} address for the gateway ${show(value)}`;
				yield { pointer: `${pointer}/gateway`, message, value, network };
			}
		},
	},
	{
		id: "route-gateway-family",
		title: "A route whose gateway is of the other family",
		fix: "write a gateway of the destination's family",
		concerns: onParsedRoutes,
		*find(document) {
			for (const route of routesOf(document)) {
				const { destination, gateway, pointer } = route;
				if (!destination || !gateway || (destination.version === 6) === gateway.includes(":")) continue;
				const message = `${gateway} is of the other family`;
				yield { pointer: `${pointer}/gateway`, message, route, network: route.owner };
			}
		},
	},
];
