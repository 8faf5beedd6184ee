/** cloudbase-init, for Windows. */

import { isBlank, jsonText, member } from "../json.ts";
import type { Fault } from "../rule.ts";
import { type Client, crash, fine, ignored, lost, type Reaction, wrong } from "./client.ts";
import { isBlankValue, isDefaultRoute } from "./conditions.ts";
import { supportFor } from "./network-types.ts";

const pluginFails = crash("the network plugin fails: nothing is configured");
const noTeam = crash("cannot make the team: no address is set");
const noVlan = crash("finds no team for the VLAN: no address is set");

const reactions: Readonly<Record<string, readonly Reaction[]>> = {
	"document-type": [pluginFails],
	"document-empty": [ignored("does nothing: Windows' own DHCP stays")],
	"list-type": [fine({ when: ({ value }) => value === "" || isEmptyObject(value) }), pluginFails],
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
			when: ({ link, otherLink }) => link?.id !== otherLink?.id,
		}),
	],
	"nic-not-in-guest": [crash("finds no adapter with that address: nothing is configured")],
	"mtu-invalid": [crash("netsh refuses it: no address is set")],
	"mtu-tiny": [fine({ when: ({ value }) => value === 0 }), crash("netsh refuses it: no address is set")],
	"mtu-below-ipv6": [lost("Windows refuses IPv6 on the link")],
	"bond-links-missing": [noTeam],
	"bond-empty": [noTeam],
	"bond-link-unknown": [noTeam],
	"bond-link-type": [noTeam],
	"bond-link-shared": [crash("cannot make the second team: no address is set")],
	"bond-member-network": [crash("the adapter has no IP once it is in the team: no address is set after this one")],
	"bond-mode-missing": [crash('"Unsupported bond mode": nothing is configured')],
	"bond-mode-number": [crash('"Unsupported bond mode": nothing is configured')],
	"bond-mode-number-text": [crash('"Unsupported bond mode": nothing is configured')],
	"bond-mode-unknown": [crash('"Unsupported bond mode": nothing is configured')],
	"bond-broadcast": [crash("Windows has no such team: no address is set")],
	"bond-hash-policy-unknown": [
		fine({ when: isBlankValue }),
		crash('"Unsupported bond hash policy": nothing is configured'),
	],
	"bond-mac-missing": [crash("finds no adapter to make the team on: no address is set")],
	"bond-mac-invalid": [crash("finds no adapter to make the team on: no address is set")],
	"bond-mac-foreign": [crash("finds no adapter to make the team on: no address is set")],
	"vlan-link-unknown": [noVlan],
	"vlan-over-vlan": [noVlan],
	"vlan-id-missing": [noVlan],
	"vlan-id-invalid": [crash("the team refuses the VLAN: no address is set")],
	"vlan-id-repeated": [crash("the team refuses the second one: no address is set")],
	"vlan-on-nic": [crash("makes VLANs only on bonds: no address of the whole document is set")],
	"network-link-missing": [crash("looks for an adapter without a name: no further address is set", { when: isKnown })],
	"network-link-unknown": [crash("finds no adapter of that name: no further address is set", { when: isKnown })],
	"network-type-missing": [lost("skips the network")],
	"network-type-unknown": [lost("skips the network")],
	"network-type-unsupported": [
		// An adapter that the document says nothing about keeps DHCP.
		fine({ when: ({ value }) => value === "ipv4_dhcp" }),
		ignored("leaves it to Windows, which follows router advertisements"),
	],
	"link-unconfigured": [],
	"address-missing": [pluginFails],
	"address-invalid": [pluginFails],
	"netmask-missing": [crash("the network plugin fails: no further address is set")],
	"netmask-invalid": [pluginFails],
	"address-prefix-and-netmask": [pluginFails],
	"several-addresses": [wrong("keeps only the last of them")],
	"gateway-not-last": [lost("keeps only the last address, and loses the default route")],
	"routes-type": [pluginFails],
	"route-type": [pluginFails],
	"route-network-invalid": [pluginFails],
	"route-netmask-missing": [wrong("assumes /32, for IPv6 /128: does not see a default route in it")],
	"route-netmask-invalid": [pluginFails],
	"route-prefix": [fine({ when: hasNoNetmask }), pluginFails],
	"route-network-family": [
		lost("sets it as the gateway of the wrong family (cloudbase-init pull request 191)", { when: isDefaultRoute }),
	],
	"route-gateway-missing": [wrong("leaves the route out")],
	"route-gateway-invalid": [
		crash("Windows refuses such a default route: no further address is set", { when: isDefaultRoute }),
	],
	"route-gateway-family": [
		lost("sets it as the gateway of the wrong family (cloudbase-init pull request 191)", { when: isDefaultRoute }),
	],
	"gateway-off-link": [
		crash("Windows refuses the gateway, after the adapter's addresses were removed: nothing further is set", {
			when: isDefaultRoute,
		}),
	],
	"host-routes-unread": [ignored("reads only the default route")],
	"service-type-missing": [wrong("leaves it out")],
	"service-address-invalid": [crash("Windows refuses it: no further address is set", { when: isServerUsed })],
	"network-services-type": [fine({ when: ({ value }) => value === "" || isEmptyObject(value) }), pluginFails],
	"network-service-type": [pluginFails],
};

export const cloudbaseInit: Client = {
	name: "cloudbase-init",
	title: "cloudbase-init (Windows)",
	source: "its source of April 2026; its parser and network plugin were run with stubs for Windows",
	versions: { oldest: "1.1", newest: "1.1.7", note: "1.1 and later" },
	renderers: [],
	networkTypes: supportFor("ipv4", "ipv6"),
	reads: {
		"links[].mtu": [{}],
		"links[].bond_mode": [{}],
		"links[].bond_xmit_hash_policy": [{}],
		"links[].vlan_mac_address": [{}],
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

function isKnown({ network }: Fault): boolean {
	return network?.type === "ipv4" || network?.type === "ipv6";
}

function isServerUsed({ network, document }: Fault): boolean {
	return network !== undefined || document.networks.some(({ isStatic, link }) => isStatic && link);
}

function macText(link: Fault["link"]): string {
	return jsonText(link && member(link.raw, "ethernet_mac_address")).toLowerCase();
}

function isEmptyObject(value: unknown): boolean {
	return typeof value === "object" && value !== null && !Array.isArray(value) && isBlank(value);
}

function hasNoNetmask({ route }: Fault): boolean {
	return isBlank(route && member(route.raw, "netmask"));
}
