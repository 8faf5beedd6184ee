/** glean, in images made with diskimage-builder. */

import { member } from "../json.ts";
import type { Fault } from "../rule.ts";
import { type Client, crash, fine, ignored, lost, type Reaction, wrong } from "./client.ts";
import { all, any, hasType, isEmptyIterable, isMissing, isUnhashable, not } from "./conditions.ts";
import { supportFor } from "./network-types.ts";

const keyError = "KeyError: no NIC is configured";
const stops = "stops: no NIC is configured";
const refused = "writes it as it is: the system refuses it";

const DEBIAN = "debian";
const IFCFG = ["redhat", "suse"];
const KEYFILES = "redhat-keyfiles";
const NETWORKD = "networkd";
const GENTOO = "gentoo";

const reactions: Readonly<Record<string, readonly Reaction[]>> = {
	"document-type": [crash("stops on null or a number; takes a list or text for no document: DHCP on every NIC")],
	"document-empty": [ignored("DHCP on every NIC")],
	"list-missing": [wrong("takes the document for none: DHCP on every NIC")],
	"list-type": [fine({ when: isEmptyIterable }), crash(stops)],
	"item-type": [crash(stops)],
	"link-id-missing": [crash(keyError, { when: any(isMissing, isUnhashable) })],
	"link-id-repeated": [lost("the last of them gets every network, the others DHCP")],
	"link-type-missing": [crash(keyError, { when: isMissing })],
	"nic-mac-missing": [crash(stops)],
	"nic-mac-invalid": [lost("finds no NIC with that address: DHCP on the NIC")],
	"nic-mac-infiniband": [],
	"nic-mac-repeated": [lost("the last link's addresses replace the others'", { renderers: [...IFCFG, KEYFILES] })],
	"nic-not-in-guest": [ignored("leaves the link out")],
	"bond-links-missing": [crash(stops)],
	"bond-empty": [lost("the bond never gets a carrier")],
	"bond-link-unknown": [crash(keyError)],
	"bond-link-type": [crash(keyError)],
	"bond-link-shared": [lost("one bond gets it, the others go without")],
	"bond-member-network": [lost("the address is on a NIC that the bond has taken")],
	"bond-mode-missing": [lost("takes the bond for a NIC")],
	"bond-mode-unknown": [lost("the bond cannot be made")],
	"bond-monitoring-missing": [
		wrong("writes bond-miimon 0: the bond does not notice a dead link", { renderers: [DEBIAN] }),
		wrong("the bond does not notice a dead link", { renderers: [NETWORKD, GENTOO] }),
	],
	"bond-mac-missing": [crash(stops)],
	"bond-id-long": [
		lost("the kernel allows names of 15 characters: the bond is missing", {
			when: ({ link }) => String(link?.id).length > 15,
		}),
		lost("cuts the parent's file name at the dash: a VLAN on the bond has no parent", {
			renderers: [NETWORKD],
			when: ({ link, document }) =>
				document.links.some(({ kind, raw }) => kind === "vlan" && member(raw, "vlan_link") === link?.id),
		}),
	],
	"bond-unsupported": [
		lost("writes no bond options: the bond is balance-rr without link monitoring, and LACP does not come up", {
			renderers: IFCFG,
		}),
		lost("writes a connection that is not a bond", { renderers: [KEYFILES] }),
		lost("writes mode and members only: no link monitoring, hash policy or LACP rate", { renderers: [GENTOO] }),
		wrong("reads bond_miimon as seconds: a dead link is noticed late", { renderers: [NETWORKD] }),
	],
	"vlan-mac-null": [crash("AttributeError: no NIC is configured")],
	"vlan-link-unknown": [crash("KeyError, or the VLAN on some other link")],
	"vlan-over-vlan": [crash("KeyError, or the VLAN on some other link")],
	"vlan-id-missing": [crash("takes the VLAN for a NIC, finds none and stops: no NIC is configured")],
	"vlan-id-invalid": [lost("the kernel refuses the VLAN")],
	"vlan-id-repeated": [lost("one VLAN for both: the settings of one are dropped")],
	"vlan-name-long": [
		lost("the VLAN is missing: the kernel allows names of 15 characters", {
			when: ({ otherLink }) => otherLink?.kind === "bond",
		}),
	],
	"network-id-missing": [crash(keyError, { when: any(isMissing, isUnhashable) })],
	"network-id-repeated": [lost("keeps only the last of them")],
	"network-link-missing": [crash(keyError)],
	"network-link-unknown": [lost("skips the network")],
	"network-type-missing": [lost("configures nothing for the network")],
	"network-type-unknown": [
		// The underscore is what it knows; the system must still support it.
		lost("configures nothing for the network"),
	],
	"network-type-unsupported": [
		crash("KeyError '[Network]': no NIC is configured", { renderers: [NETWORKD], when: isFirstOnLink }),
		ignored("leaves it out"),
	],
	"address-missing": [crash("stops, or writes None for the address")],
	"address-invalid": [lost(refused)],
	"address-family": [lost("writes the address as one of the other family: the system refuses it")],
	"netmask-missing": [crash("stops, or writes None for the mask")],
	"netmask-invalid": [lost(refused)],
	"netmask-bits": [
		crash('SyntaxError "Bad Netmask": no NIC is configured', {
			when: hasType("ipv6"),
			renderers: [DEBIAN, ...IFCFG, NETWORKD],
		}),
		crash('SyntaxError "Bad Netmask": no NIC is configured', { when: hasType("ipv4"), renderers: [NETWORKD] }),
		wrong("writes it as it is, which only Debian accepts"),
	],
	"address-prefix": [crash(keyError)],
	"address-prefix-and-netmask": [lost("writes both: the system refuses them")],
	"several-addresses": [wrong("keeps only one of them", { renderers: [...IFCFG, KEYFILES, GENTOO] })],
	"gateway-not-last": [
		lost("keeps only one address, and may lose the default route", { renderers: [...IFCFG, KEYFILES] }),
	],
	"ipv6-without-ipv4": [
		crash("AssertionError: no NIC is configured", { renderers: IFCFG }),
		crash("KeyError: no NIC is configured", { renderers: [KEYFILES] }),
	],
	"routes-type": [crash(stops)],
	"route-type": [crash(stops)],
	"route-network-invalid": [crash("stops, or writes a route that the system refuses")],
	"route-netmask-missing": [crash(keyError)],
	"route-netmask-invalid": [lost(refused)],
	"route-prefix": [crash("KeyError, or a route that the system refuses")],
	"route-network-family": [lost(refused)],
	"route-gateway-missing": [crash(keyError)],
	"route-gateway-invalid": [lost(refused)],
	"route-gateway-family": [lost(refused)],
	"gateway-off-link": [lost("the kernel refuses the route: the gateway is not a neighbour")],
	"service-type-missing": [crash(keyError, { when: isMissing })],
	"service-address-missing": [crash("KeyError, or a name server None in resolv.conf", { when: isDnsService })],
	"service-address-invalid": [
		wrong("writes it into resolv.conf as it is", {
			when: all(
				isDnsService,
				not(({ network }) => network !== undefined),
			),
		}),
	],
};

export const glean: Client = {
	name: "glean",
	title: "glean",
	source: "its source of June 2025, run with documents for each distribution",
	versions: { oldest: "1.24", newest: "1.24", note: "the source of June 2025; older images differ" },
	renderers: [
		{ name: DEBIAN, usedBy: "Debian, Ubuntu" },
		{ name: "redhat", usedBy: "RHEL and its derivatives before 10, Fedora: ifcfg files" },
		{ name: KEYFILES, usedBy: "RHEL and its derivatives since 10: NetworkManager keyfiles" },
		{ name: "suse", usedBy: "SUSE: ifcfg files for wicked" },
		{ name: GENTOO, usedBy: "Gentoo" },
		{ name: NETWORKD, usedBy: "any distribution, if configured" },
	],
	networkTypes: {
		...supportFor("ipv4", "ipv4_dhcp", "manual"),
		ipv6: [{ renderers: [DEBIAN, ...IFCFG, KEYFILES, NETWORKD] }],
		ipv6_slaac: [{ renderers: [...IFCFG, KEYFILES, NETWORKD] }],
		ipv6_dhcpv6_stateful: [{ renderers: [NETWORKD] }],
	},
	setsMonitoring: "by-document",
	reads: {
		"links[].bond_mode": [{}],
		"links[].bond_miimon": [{ renderers: [DEBIAN, NETWORKD] }],
		"links[].bond_xmit_hash_policy": [{ renderers: [DEBIAN, NETWORKD] }],
		"links[].bond_lacp_rate": [{ renderers: [DEBIAN] }],
		"links[].vlan_mac_address": [{}],
		"networks[].routes": [{ when: ({ network }) => network?.isStatic === true, note: "static networks" }],
		"networks[].services": [{ renderers: [NETWORKD] }],
		services: [{}],
	},
	reactions,
};

/** The network is the only one of its link, or the first by id. */
function isFirstOnLink({ network, value }: Fault): boolean {
	return value !== "ipv4_dhcp" && network?.link?.networks[0] === network;
}

function isDnsService({ service }: Fault): boolean {
	return service !== undefined && member(service.raw, "type") === "dns";
}
