/** cloudbase-init, for Windows. */

import { parseMask } from "../addressing.ts";
import { membersOf } from "../bond-members.ts";
import { type DocumentView, type LinkView, listed, type NetworkView } from "../document-view.ts";
import { isBlank, isObject, member, valueText } from "../json.ts";
import { isDns } from "../name-servers.ts";
import type { Fault } from "../rule.ts";
import { type Client, crash, fine, ignored, lost, type Reaction, wrong } from "./client.ts";
import {
	all,
	any,
	isAt,
	isBlankValue,
	isDefaultRoute,
	isDnsService,
	isEmptyIterable,
	isEmptyText,
	isMissing,
	isNull,
	not,
} from "./conditions.ts";
import { supportFor } from "./network-types.ts";

const pluginFails = crash("the network plugin fails: nothing is configured");
const noTeam = crash("cannot create the team: no address is set");
const routeRefused = "Windows refuses such a default route: no further address is set";
const serverRefused = "Windows refuses it: no further address is set";
const noVlan = crash("finds no team for the VLAN: no address is set");

const reactions: Readonly<Record<string, readonly Reaction[]>> = {
	"document-type": [pluginFails],
	"document-yaml": [pluginFails],
	"document-empty": [ignored("does nothing: Windows' own DHCP stays")],
	"list-type": [fine({ when: isEmptyIterable }), pluginFails],
	"item-type": [pluginFails],
	"link-id-missing": [crash("cannot rename the adapter to the link's id: nothing is configured")],
	"link-id-repeated": [
		crash("cannot give two adapters the same name: no address is set", {
			when: ({ link, otherLink }) => macText(link) !== macText(otherLink),
		}),
	],
	"nic-mac-missing": [crash("looks for an adapter without an address: nothing is configured")],
	"nic-mac-invalid": [crash("finds no adapter with that address: nothing is configured")],
	"nic-mac-infiniband": [crash("finds no adapter with that address: nothing is configured")],
	"nic-mac-repeated": [
		crash("renames one adapter twice, then cannot find it by its first name", {
			when: ({ link, otherLink, document }) => link?.id !== otherLink?.id && isUsed(otherLink, document),
		}),
	],
	"nic-mac-unusable": [crash("finds no adapter with that address: nothing is configured")],
	"nic-not-in-guest": [crash("finds no adapter with that address: nothing is configured")],
	"mtu-invalid": [fine({ when: isBlankValue }), crash("netsh refuses it: no address is set")],
	"mtu-tiny": [fine({ when: ({ value }) => value === 0 }), crash("netsh refuses it: no address is set")],
	"mtu-below-ipv6": [wrong("sets it for IPv4 only: IPv6 keeps the adapter's own MTU")],
	"number-fraction": [
		crash("netsh refuses it: no address is set", { when: isAt("mtu") }),
		crash("the network plugin fails: nothing is configured", { when: all(isAt("netmask"), isKnown) }),
		crash("the team refuses the VLAN: no address is set", { when: isAt("vlan_id") }),
	],
	"bond-links-missing": [noTeam],
	"bond-empty": [noTeam],
	"bond-link-unknown": [noTeam],
	"bond-link-type": [noTeam],
	"bond-link-shared": [crash("cannot create the second team: no address is set")],
	"bond-member-network": [crash("the adapter has no IP once it is in the team: no address is set after this one")],
	"bond-mode-missing": [crash('"Unsupported bond mode": nothing is configured')],
	"bond-mode-number": [crash('"Unsupported bond mode": nothing is configured')],
	"bond-mode-number-text": [crash('"Unsupported bond mode": nothing is configured')],
	"bond-mode-unknown": [crash('"Unsupported bond mode": nothing is configured')],
	"bond-broadcast": [crash("Windows has no such team: no address is set")],
	"bond-hash-policy-unknown": [fine({ when: isNull }), crash('"Unsupported bond hash policy": nothing is configured')],
	"bond-mac-missing": [crash("finds no adapter to create the team on: no address is set")],
	"bond-mac-invalid": [crash("finds no adapter to create the team on: no address is set")],
	"bond-mac-foreign": [crash("finds no adapter to create the team on: no address is set")],
	"vlan-link-unknown": [noVlan],
	"vlan-over-vlan": [noVlan],
	"vlan-id-missing": [noVlan],
	"vlan-id-invalid": [crash("the team refuses the VLAN: no address is set")],
	"vlan-id-repeated": [crash("the team refuses the second one: no address is set")],
	"vlan-mac-own": [wrong("does not set it: the VLAN has the team's address, and port security drops its frames")],
	"vlan-on-nic": [crash("supports VLANs only on bonds, and sets none of the document's addresses")],
	"network-link-missing": [crash("looks for an adapter without a name: no further address is set", { when: isKnown })],
	"network-link-unknown": [crash("finds no adapter of that name: no further address is set", { when: isKnown })],
	"network-type-missing": [lost("skips the network")],
	"network-type-unknown": [lost("skips the network")],
	"network-type-unsupported": [
		// An adapter that the document says nothing about keeps DHCP.
		fine({ when: all(({ value }) => value === "ipv4_dhcp", not(hasStaticIpv4)) }),
		lost("turns DHCP off for the link's static address", { when: ({ value }) => value === "ipv4_dhcp" }),
		ignored("leaves it to Windows, which follows router advertisements"),
	],
	"link-unconfigured": [],
	"address-missing": [pluginFails],
	"address-invalid": [pluginFails],
	"netmask-missing": [crash("the network plugin fails: no further address is set")],
	"netmask-invalid": [pluginFails],
	"netmask-zero": [wrong("treats every address as on-link")],
	"address-prefix-and-netmask": [pluginFails],
	"several-addresses": [wrong("keeps only the last of them")],
	"gateway-not-last": [lost("keeps only the last address, and loses the default route")],
	"routes-type": [fine({ when: isEmptyIterable }), pluginFails],
	"route-type": [pluginFails],
	"route-network-invalid": [fine({ when: isShortIpv4 }), pluginFails],
	"route-netmask-missing": [wrong("assumes /32, for IPv6 /128: does not see a default route in it")],
	"route-netmask-invalid": [pluginFails],
	"route-prefix": [fine({ when: hasNoNetmask }), pluginFails],
	"route-network-family": [
		lost("sets it as the gateway of the wrong family (cloudbase-init pull request 191)", { when: isDefaultRoute }),
	],
	"route-gateway-missing": [
		crash(routeRefused, { when: all(isDefaultRoute, not(any(isMissing, isNull))) }),
		wrong("leaves the route out"),
	],
	"route-gateway-invalid": [crash(routeRefused, { when: isDefaultRoute })],
	"route-gateway-family": [
		lost("sets it as the gateway of the wrong family (cloudbase-init pull request 191)", { when: isDefaultRoute }),
	],
	"gateway-off-link": [
		crash("Windows refuses the gateway, after the adapter's addresses were removed: nothing further is set", {
			when: all(isDefaultRoute, hasGatewayOfFamily),
		}),
	],
	"host-routes-unread": [ignored("reads only the default route")],
	"dns-in-services-alone": [
		wrong("no adapter gets it: each network has servers of its own", { when: hasServersOnEveryNetwork }),
	],
	"dns-on-every-link": [wrong("gives the link the document's own servers")],
	"service-type-missing": [wrong("leaves it out")],
	"service-address-missing": [
		crash("AddrFormatError for an empty address: no address is set", { when: all(isEmptyText, isDnsService) }),
		crash(serverRefused, { when: all(not(any(isMissing, isNull)), isServerUsed) }),
	],
	"service-address-invalid": [crash(serverRefused, { when: isServerUsed })],
	"network-services-type": [fine({ when: isEmptyIterable }), pluginFails],
	"network-service-type": [fine({ when: ({ value }) => isObject(value) }), pluginFails],
	"network-service-address-invalid": [crash(serverRefused, { when: all(isBlankValue, not(isNull), isServerUsed) })],
};

export const cloudbaseInit: Client = {
	name: "cloudbase-init",
	title: "cloudbase-init (Windows)",
	source: "its source of April 2026; its parser and network plugin were run with stubs for Windows",
	versions: { oldest: "1.1", newest: "1.1.9", note: "1.1 and later" },
	renderers: [],
	networkTypes: supportFor("ipv4", "ipv6"),
	reads: {
		"links[].mtu": [{}],
		"links[].bond_mode": [{}],
		"links[].bond_xmit_hash_policy": [{}],
		"networks[].routes": [
			{
				when: ({ network }) => network?.type === "ipv4" || network?.type === "ipv6",
				note: "the default route of static networks",
			},
		],
		"networks[].services": [{ note: "static networks" }],
		services: [{}],
	},
	reactions,
};

function isKnown({ network }: Pick<Fault, "network">): boolean {
	return network?.type === "ipv4" || network?.type === "ipv6";
}

function hasStaticIpv4({ network }: Fault): boolean {
	return network?.link?.networks.some(({ type }) => type === "ipv4") === true;
}

/** A network's own servers, or else the document's: those that are not IPv6 addresses are for IPv4. */
function isServerUsed(fault: Fault): boolean {
	if (!isDnsService(fault)) return false;
	if (fault.network) return isKnown(fault);
	return fault.document.networks.some(
		(network) => isKnown({ network }) && network.address?.version === 4 && !hasServers(network),
	);
}

function hasServers(network: NetworkView): boolean {
	return listed(network, "services").some((service) => {
		const address = member(service.raw, "address");
		return isDns(service) && address !== undefined && address !== null;
	});
}

function hasServersOnEveryNetwork({ document }: Fault): boolean {
	return document.networks.filter((network) => isKnown({ network })).every(hasServers);
}

/** The plugin looks for an adapter by the link's id, for a network or for a team. */
function isUsed(link: LinkView | undefined, document: DocumentView): boolean {
	return (
		link?.networks.some((network) => isKnown({ network })) === true ||
		document.links.some((bond) => bond.kind === "bond" && membersOf(bond, document).some((one) => one.link === link))
	);
}

function macText(link: Fault["link"]): string {
	return valueText(link && member(link.raw, "ethernet_mac_address")).toLowerCase();
}

/** netaddr reads `10.1` as 10.1.0.0 where there is a mask, also as a number. */
function isShortIpv4({ value, route }: Fault): boolean {
	const bytes = typeof value === "number" || typeof value === "string" ? String(value).split(".") : [];
	const isShort = bytes.length <= 4 && bytes.every((byte) => /^\d+$/.test(byte) && Number(byte) < 256);
	return bytes.length > 0 && isShort && route !== undefined && parseMask(member(route.raw, "netmask"), 4) !== undefined;
}

function hasGatewayOfFamily({ route, network }: Fault): boolean {
	return route?.gateway?.includes(":") === (network?.version === 6);
}

function hasNoNetmask({ route }: Fault): boolean {
	return isBlank(route && member(route.raw, "netmask"));
}
