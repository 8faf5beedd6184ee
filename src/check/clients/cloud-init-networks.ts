/** What cloud-init makes of faults in networks, addresses and routes. */
import { crash, ignored, lost, type Reaction, wrong } from "./client.ts";
import { degraded, NETPLAN, netplanRefuses } from "./cloud-init-links.ts";
import { isNumber, isStatic, not } from "./conditions.ts";
import { conversionReactions, destinationOf, hasReadableDestination, valueError } from "./conversion.ts";

const conversion = conversionReactions;
const SCHEMA = { since: "25.1" } as const;

export const cloudInitNetworkReactions: Readonly<Record<string, readonly Reaction[]>> = {
	"network-link-missing": conversion["network-link-missing"],
	"network-link-unknown": conversion["network-link-unknown"],
	"network-type-missing": conversion["network-type-missing"],
	"network-type-unknown": [
		crash('ValueError "Unknown subnet type": no NIC is configured', { renderers: ["sysconfig"] }),
		lost("brings the link up without an address"),
	],
	"network-type-approximated": [
		ignored("asks for DHCPv6 (cloud-init issue 6847); the address still comes by router advertisement", NETPLAN),
	],
	"address-missing": conversion["address-missing"],
	"address-invalid": conversion["address-invalid"],
	"netmask-missing": conversion["netmask-missing"],
	"netmask-invalid": conversion["netmask-invalid"],
	"netmask-number": [ignored(degraded, { ...SCHEMA, when: isNumber })],
	"several-addresses": [wrong("keeps only the last of them", { renderers: ["bsd"] })],
	"static6-stops-slaac": [
		lost("turns router advertisements off on the link: no address and no route by SLAAC", {
			renderers: ["netplan", "networkd", "sysconfig"],
		}),
	],
	"static6-after-dhcp6": [
		lost("turns router advertisements off: no route by router advertisement, and with old systemd no DHCPv6", {
			renderers: ["netplan", "networkd", "sysconfig"],
		}),
	],
	"ipv6-default-route-missing": [
		wrong("turns router advertisements off: no IPv6 default route (cloud-init issue 4108)", {
			renderers: ["netplan", "networkd", "sysconfig"],
		}),
	],
	"dhcp-on-two-links": [
		wrong("both default routes have the same metric: which one is used may change from boot to boot", {
			renderers: ["netplan", "networkd", "eni"],
		}),
	],
	"routes-type": conversion["routes-type"],
	"route-type": conversion["route-type"],
	"route-network-invalid": [
		// Since 23.3 it takes the word default for an address.
		{ ...crash(valueError, { until: "23.3" }), when: not(hasReadableDestination) },
		crash(valueError, { when: (fault) => !hasReadableDestination(fault) && destinationOf(fault) !== "default" }),
	],
	"route-netmask-missing": conversion["route-netmask-missing"],
	"route-netmask-invalid": conversion["route-netmask-invalid"],
	"route-metric-invalid": conversion["route-metric-invalid"],
	"route-gateway-missing": [
		crash("KeyError: no NIC is configured", { renderers: ["sysconfig", "eni"] }),
		lost(netplanRefuses, { ...NETPLAN, when: isStatic }),
	],
	"route-gateway-invalid": [
		lost("netplan refuses the whole file, or the system refuses the route", { ...NETPLAN, when: isStatic }),
		lost("the system refuses the route"),
	],
	"gateway-invalid": [
		lost("netplan refuses the whole file, or the system refuses the route", NETPLAN),
		lost("the system refuses the route"),
	],
	"route-gateway-family": [lost(netplanRefuses, { ...NETPLAN, when: isStatic }), lost("the system refuses the route")],
	"gateway-off-link": [
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
	"default-route-repeated": [
		crash('stops: "Duplicate declaration of default route found"', { renderers: ["sysconfig"] }),
		wrong("takes one of them, or fails on the second"),
	],
	"default-route-beside-dhcp": [
		ignored("the static route has no metric and overrides DHCP's (cloud-init issue 4246)", {
			renderers: ["netplan", "networkd", "eni"],
		}),
	],
};
