/** Gateways: whether each is there, valid, and of the right family. */
import { addressVersion } from "../../instance/addresses.ts";
import type { Cell } from "../clients/cell.ts";
import { memberPointer, type NetworkView, parseGateway, routesOf } from "../document-view.ts";
import { isBlank, member, show } from "../json.ts";
import type { Fault, Rule } from "../rule.ts";
import { onMember, onNetwork, onParsedRoutes, onRouteList } from "./concerns.ts";
import { isOutsideOfPort } from "./routing.ts";

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
		concerns: readsOwnGateway,
		*find({ networks }) {
			for (const gateway of networks.flatMap(ownGatewayOf)) {
				if (parseGateway(gateway.value)) continue;
				yield { ...gateway, message: `${show(gateway.value)} is not a valid address` };
			}
		},
	},
	{
		id: "gateway-family",
		title: "A network's own `gateway` of the other family",
		fix: "move the gateway to a network of its family",
		concerns: readsOwnGateway,
		*find({ networks }) {
			for (const gateway of networks.flatMap(ownGatewayOf)) {
				const { address } = gateway.network;
				const value = parseGateway(gateway.value);
				if (value === undefined || !address || address.version === addressVersion(value)) continue;
				yield { ...gateway, message: `${value} is of the other family`, value };
			}
		},
	},
	{
		id: "ipv6-gateway",
		title: "A static IPv6 network's own `gateway`, for clients that take it for IPv4's",
		fix: "write it as a default route in routes",
		isLimitation: isOutsideOfPort,
		concerns: onNetwork,
		*find({ networks }) {
			for (const gateway of networks.flatMap(ownGatewayOf)) {
				const { isStatic, version } = gateway.network;
				const value = parseGateway(gateway.value);
				if (value === undefined || !isStatic || version === 4 || addressVersion(value) === 4) continue;
				yield { ...gateway, message: `the gateway is ${value}`, value };
			}
		},
	},
	{
		id: "gateway-without-address",
		title: "A network's own `gateway`, on a link that has only DHCP or SLAAC in that family",
		fix: "leave the gateway out: DHCP and router advertisements bring one",
		concerns: readsOwnGateway,
		*find({ networks }) {
			for (const gateway of networks.flatMap(ownGatewayOf)) {
				const { link, version } = gateway.network;
				if (!link || version === undefined) continue;
				if (link.networks.some((other) => other.isStatic && other.version === version)) continue;
				const message = `the link has no static IPv${version} address for the gateway ${show(gateway.value)}`;
				yield { ...gateway, message };
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

function readsOwnGateway(cell: Cell, fault: Fault): boolean {
	return onNetwork(cell, fault) && onMember("networks[].gateway")(cell, fault);
}

/** The network's own gateway, if it has one. */
function ownGatewayOf(network: NetworkView): { pointer: string; value: unknown; network: NetworkView }[] {
	const value = member(network.raw, "gateway");
	return isBlank(value) ? [] : [{ pointer: `${network.pointer}/gateway`, value, network }];
}
