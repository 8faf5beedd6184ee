/** What cloud-init makes of faults in networks, addresses and routes. */

import { addressVersion, isLinkLocal } from "../../instance/addresses.ts";
import { networkOf, parseAddress } from "../addressing.ts";
import { isBlank, member } from "../json.ts";
import type { Fault } from "../rule.ts";
import { type Condition, crash, fine, ignored, lost, type Reaction, wrong } from "./client.ts";
import { degraded, degradedStatus, NETPLAN, netplanRefuses, SCHEMA } from "./cloud-init-effects.ts";
import {
	all,
	any,
	isDeclaredOnLink,
	isDefaultRoute,
	isIpv6,
	isNoGateway,
	isNumber,
	isStatic,
	isText,
	isUnhashable,
	isUnjoinableList,
	not,
} from "./conditions.ts";
import { conversionReactions, destinationOf, hasReadableDestination, valueError } from "./conversion.ts";

const conversion = conversionReactions;
/** These get only the routes of static networks. */
const STATIC_ROUTES = { renderers: ["netplan", "bsd"] } as const;

/** The types for which it turns IPv4 off in a profile of NetworkManager's. */
const TURNS_IPV4_OFF = ["ipv6_slaac", "ipv6_dhcpv6-stateful", "ipv6_dhcpv6-stateless"] as const;

export const cloudInitNetworkReactions: Readonly<Record<string, readonly Reaction[]>> = {
	"network-link-missing": conversion["network-link-missing"],
	"network-link-unknown": conversion["network-link-unknown"],
	"network-type-missing": conversion["network-type-missing"],
	"network-type-unknown": [
		wrong("asks for DHCP on the link", { renderers: ["network-manager"], when: ({ value }) => value === "manual" }),
		crash('ValueError "Unknown subnet type": no NIC is configured', { renderers: ["sysconfig"] }),
		lost("brings the link up without an address"),
	],
	"network-type-approximated": [
		ignored("asks for DHCPv6 (cloud-init issue 6847); the address still comes by router advertisement", NETPLAN),
	],
	"address-missing": conversion["address-missing"],
	"address-invalid": conversion["address-invalid"],
	"netmask-missing": conversion["netmask-missing"],
	"value-type": [ignored(degradedStatus, SCHEMA)],
	"netmask-invalid": [
		// A mask of zeros counts as no prefix, also for IPv6.
		lost(netplanRefuses, { ...NETPLAN, when: isZeroMask }),
		wrong("treats every address as on-link", { when: isZeroMask }),
		...conversion["netmask-invalid"],
	],
	"netmask-zero": [lost(netplanRefuses, NETPLAN), wrong("treats every address as on-link")],
	"netmask-number": [ignored(degraded, { ...SCHEMA, when: isNumber })],
	"several-addresses": [wrong("keeps only the last of them", { renderers: ["bsd"] })],
	"static6-stops-slaac": turnsRaOff((where) =>
		lost("turns router advertisements off on the link: no address and no route by SLAAC", where),
	),
	"static6-after-dhcp6": turnsRaOff((where) =>
		lost("turns router advertisements off: no route by router advertisement, and with old systemd no DHCPv6", where),
	),
	"ipv6-default-route-missing": turnsRaOff((where) =>
		wrong("turns router advertisements off: no IPv6 default route (cloud-init issue 4108)", where),
	),
	"route-network-family": [
		lost("the kernel refuses the route: the gateway is not a neighbour", { when: all(isPassedOn, isGatewayFar) }),
	],
	"static6-takes-ra": [
		wrong("leaves router advertisements on: the link may get more addresses, and another default route", {
			renderers: ["network-manager"],
			until: "23.2",
		}),
	],
	"dhcp6-starts-dhcp4": [
		wrong("asks for DHCPv4, too (cloud-init issue 4395)", { renderers: ["sysconfig"], until: "23.4" }),
	],
	// Without a section for IPv4, NetworkManager asks for DHCP. cloud-init writes one for these types since 23.4 (fd214a124).
	"ipv6-without-ipv4": [
		fine({
			since: "23.4",
			when: ({ link }) => link?.networks.some(({ type }) => TURNS_IPV4_OFF.some((name) => name === type)) === true,
		}),
		wrong("NetworkManager asks for DHCPv4, too", { renderers: ["network-manager"] }),
	],
	"route-host-bits": [lost("the system refuses the route", { renderers: ["sysconfig", "eni"] })],
	"routes-type": conversion["routes-type"],
	"route-type": conversion["route-type"],
	"route-network-invalid": [
		// Since 25.3 it takes the word default for an address.
		crash(valueError, { until: "25.3", when: not(hasReadableDestination) }),
		crash(valueError, { when: (fault) => !hasReadableDestination(fault) && destinationOf(fault) !== "default" }),
	],
	"route-destination-other": [
		crash(valueError, { until: "25.3", when: isReadAsNothing }),
		crash(valueError, { when: (fault) => isReadAsNothing(fault) && fault.value !== "default" }),
		fine({ when: leadsToNetwork }),
		wrong("takes destination for the network: the route leads elsewhere"),
	],
	"route-netmask-missing": [fine({ ...STATIC_ROUTES, when: not(isStatic) }), ...conversion["route-netmask-missing"]],
	"route-netmask-invalid": [
		lost(netplanRefuses, { ...NETPLAN, when: all(isStatic, isZeroMask, hasIpv4Gateway) }),
		lost("the system refuses the route", {
			renderers: ["networkd", "network-manager", "sysconfig", "eni"],
			when: all(isZeroMask, hasIpv6Destination, hasIpv4Gateway),
		}),
		fine({ when: isZeroMask }),
		...conversion["route-netmask-invalid"],
	],
	"route-gateway-missing": [
		crash("KeyError: no NIC is configured", { renderers: ["eni"], when: isPruned }),
		crash("KeyError: no NIC is configured", { renderers: ["sysconfig"], when: all(isPruned, not(isIpv6)) }),
		crash("TypeError: no NIC is configured", { renderers: ["network-manager"], until: "24.1", when: not(isPruned) }),
		lost(netplanRefuses, { ...NETPLAN, when: isStatic }),
		wrong("leaves the route out", { renderers: ["sysconfig"], when: all(isDefaultRoute, isIpv6) }),
		wrong("writes a route without a gateway: its hosts are taken for neighbours", {
			renderers: ["networkd", "network-manager", "sysconfig", "bsd"],
		}),
	],
	"route-gateway-invalid": [
		crash("TypeError: no NIC is configured", { renderers: ["network-manager"], until: "24.1", when: not(isText) }),
		lost(netplanRefuses, { ...NETPLAN, when: all(isStatic, not(all(hasPrefix, isOfRoutesFamily))) }),
		lost("the system refuses the route", { renderers: ["networkd", "network-manager", "sysconfig", "eni", "bsd"] }),
		lost("the system refuses the route", { ...NETPLAN, when: isStatic }),
	],
	"gateway-invalid": [
		crash("TypeError: no NIC is configured", { renderers: ["network-manager"], when: not(isText) }),
		crash("TypeError: no NIC is configured", { ...NETPLAN, until: "23.1", when: not(any(isText, isUnhashable)) }),
		crash("TypeError: no NIC is configured", { renderers: ["eni"], when: isUnjoinableList }),
		lost(netplanRefuses, { ...NETPLAN, until: "23.1" }),
		lost(netplanRefuses, { ...NETPLAN, when: not(hasPrefix) }),
		lost("the system refuses the route"),
	],
	// libnm: "gateway cannot be set if there are no addresses configured" (`verify` in nm-setting-ip-config.c, 1.42 to 1.58).
	"gateway-without-address": [
		lost("NetworkManager refuses the profile: the link is not configured", {
			renderers: ["network-manager"],
			when: isText,
		}),
	],
	"route-gateway-family": [
		fine({ ...STATIC_ROUTES, when: not(isStatic) }),
		lost(netplanRefuses, NETPLAN),
		lost("the system refuses the route"),
	],
	"gateway-off-link": [
		// systemd leaves out such a gateway, and waits for a route to the gateway.
		fine({ renderers: ["netplan", "networkd"], when: any(isNoGateway, isDeclaredOnLink) }),
		fine({ renderers: ["sysconfig"], when: all(isNoGateway, not(isIpv6)) }),
		lost("the system refuses such a gateway", { renderers: ["sysconfig", "eni", "bsd"], when: isNoGateway }),
		lost("the kernel refuses the route: the gateway is not a neighbour", {
			renderers: ["networkd", "sysconfig", "eni", "bsd"],
		}),
		lost("the kernel refuses the route: the gateway is not a neighbour", {
			...NETPLAN,
			when: ({ route }) => route !== undefined,
		}),
		// The network's own gateway is written as on-link.
		lost("the kernel refuses the route: the gateway is not a neighbour", { ...NETPLAN, until: "23.1" }),
	],
	// `_render_subnet_routes` in net/sysconfig.py, the same from 22.4.2 to 26.2. A network's own gateway does not count.
	"default-route-twice": [
		crash('stops, except on SUSE: "Duplicate declaration of default route found"', {
			renderers: ["sysconfig"],
			when: isRefusedTwice,
		}),
	],
	"default-route-repeated": [
		fine({ renderers: ["sysconfig"], when: all(isRefusedTwice, areInRoutes) }),
		wrong("takes one of them, or fails on the second"),
	],
	"default-route-beside-dhcp": [
		ignored("the static route has no metric and overrides DHCP's (cloud-init issue 4246)", {
			renderers: ["netplan", "networkd", "eni"],
			when: not(isIpv6),
		}),
		ignored("both routes have the same metric", { renderers: ["netplan", "networkd", "eni"] }),
	],
};

/** With networkd, it says nothing of router advertisements before 24.2, except for DHCP of both families. */
function turnsRaOff(effect: (where: Condition) => Reaction): Reaction[] {
	return [effect({ renderers: ["netplan", "sysconfig"] }), effect({ renderers: ["networkd"], since: "24.2" })];
}

/** The destination is not an address, or does not fit the route's mask. */
function isReadAsNothing({ value, route }: Fault): boolean {
	const address = parseAddress(value);
	if (!address || !route) return true;
	return !isBlank(member(route.raw, "netmask")) && networkOf(address, route.raw) === undefined;
}

function leadsToNetwork({ value, route }: Fault): boolean {
	const read = route && networkOf(parseAddress(value), route.raw);
	const { network, prefixLength } = route?.destination ?? {};
	return read?.network === network && read?.prefixLength === prefixLength;
}

function isZeroMask({ value }: Fault): boolean {
	return value === "0.0.0.0";
}

/** cloud-init drops these members of a route. */
function isPruned({ value }: Fault): boolean {
	return value === undefined || value === null || value === "";
}

function hasPrefix({ value }: Fault): boolean {
	return parseAddress(value)?.ownPrefix !== undefined;
}

/** For a network of type static, which is cloud-init's own name, sysconfig takes the last one. */
function isRefusedTwice({ network }: Fault): boolean {
	return network?.type === "ipv4" || network?.type === "ipv6";
}

function areInRoutes({ route, otherRoute }: Fault): boolean {
	return route !== undefined && otherRoute !== undefined;
}

/** netplan gets only the routes of static networks. */
function isPassedOn({ network }: Fault): boolean {
	return network?.link !== undefined && network.isStatic;
}

/** No network on the link has the gateway's family, and the gateway has no link-local address. */
function isGatewayFar({ route, network }: Fault): boolean {
	const gateway = route?.gateway;
	if (gateway === undefined || isLinkLocal(gateway)) return false;
	return network?.link?.networks.every(({ version }) => version !== addressVersion(gateway)) === true;
}

function hasIpv6Destination({ route }: Fault): boolean {
	return route?.address?.version === 6;
}

function hasIpv4Gateway({ route }: Fault): boolean {
	return route?.gateway !== undefined && !route.gateway.includes(":");
}

function isOfRoutesFamily({ value, route }: Fault): boolean {
	return parseAddress(value)?.version === route?.address?.version;
}
