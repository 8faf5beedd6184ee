/** glean, in images made with diskimage-builder. */

import { member } from "../json.ts";
import type { Fault } from "../rule.ts";
import { type Client, crash, fine, ignored, lost, type Reaction, wrong } from "./client.ts";
import { all, isEmptyIterable, isIpv6, isMissing, not } from "./conditions.ts";
import { gleanStop } from "./glean-run.ts";
import { supportFor } from "./network-types.ts";

const stops = "stops: no NIC is configured";
const dhcpOnNic = "finds no NIC with that address: DHCP on the NIC";
const noParent = "the VLAN has no parent";
const refused = "writes it as it is: the system refuses it";

const DEBIAN = "debian";
const IFCFG = ["redhat", "suse"];
const KEYFILES = "redhat-keyfiles";
const NETWORKD = "networkd";
const GENTOO = "gentoo";

const reactions: Readonly<Record<string, readonly Reaction[]>> = {
	// A reaction "crash" holds only where `gleanStop` says so: the next one is what happens otherwise.
	"client-stops": [crash(stops)],
	"document-type": [crash(stops), ignored("takes it for no document: DHCP on every NIC")],
	"document-empty": [ignored("DHCP on every NIC")],
	"list-missing": [wrong("takes the document for none: DHCP on every NIC")],
	"list-type": [fine({ when: isEmptyIterable }), crash(stops)],
	"item-type": [crash(stops)],
	"link-id-missing": [crash(stops)],
	"link-id-repeated": [crash(stops), lost("the last of them gets every network, the others DHCP")],
	"link-type-missing": [crash(stops)],
	"nic-mac-missing": [crash(stops), lost(dhcpOnNic)],
	"nic-mac-invalid": [crash(stops), lost(dhcpOnNic)],
	"nic-mac-infiniband": [],
	"nic-mac-repeated": [lost("the last link's addresses replace the others'", { renderers: [...IFCFG, KEYFILES] })],
	"nic-not-in-guest": [crash(stops), ignored("leaves the link out")],
	"bond-links-missing": [crash(stops), lost("leaves the bond out")],
	"bond-empty": [crash(stops), lost("leaves the bond out")],
	"bond-link-unknown": [crash(stops)],
	"bond-link-type": [crash(stops)],
	"bond-link-shared": [lost("one bond gets it, the others go without")],
	"bond-member-network": [lost("the address is on a NIC that the bond has taken")],
	"bond-mode-missing": [crash(stops), lost("takes the bond for a NIC")],
	"bond-mode-unknown": [lost("the bond cannot be made")],
	"bond-monitoring-missing": [
		wrong("writes bond-miimon 0: the bond does not notice a dead link", { renderers: [DEBIAN] }),
		wrong("the bond does not notice a dead link", { renderers: [NETWORKD, GENTOO] }),
	],
	"bond-mac-missing": [crash(stops)],
	"bond-mac-invalid": [crash(stops), lost("the system refuses it", { renderers: [DEBIAN, NETWORKD] })],
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
	"vlan-mac-null": [crash(stops)],
	"vlan-mac-invalid": [crash(stops), lost("the system refuses it", { renderers: [DEBIAN, NETWORKD] })],
	"vlan-link-unknown": [crash(stops), lost(noParent)],
	"vlan-over-vlan": [crash(stops), lost(noParent)],
	"vlan-id-missing": [crash(stops), lost("takes the VLAN for the NIC below")],
	"vlan-id-invalid": [crash(stops), lost("the kernel refuses the VLAN")],
	"vlan-id-repeated": [lost("one VLAN for both: the settings of one are dropped")],
	"vlan-name-long": [
		lost("the VLAN is missing: the kernel allows names of 15 characters", {
			when: ({ otherLink }) => otherLink?.kind === "bond",
		}),
	],
	"network-id-missing": [crash(stops)],
	"network-id-repeated": [lost("keeps only the last of them")],
	"network-link-missing": [crash(stops)],
	"network-link-unknown": [crash(stops), lost("skips the network")],
	"network-type-missing": [crash(stops), lost("configures nothing for the network")],
	"network-type-unknown": [crash(stops), lost("configures nothing for the network")],
	"network-type-unsupported": [crash(stops), ignored("leaves it out")],
	"address-missing": [crash(stops), lost("writes None for the address")],
	"address-invalid": [crash(stops), lost(refused)],
	"address-family": [crash(stops), lost("writes the address as one of the other family: the system refuses it")],
	"netmask-missing": [crash(stops), lost("writes None for the mask")],
	"netmask-invalid": [crash(stops), lost(refused)],
	"netmask-bits": [crash(stops), wrong("writes it as it is, which only Debian accepts", { when: not(isIpv6) })],
	"address-prefix": [crash(stops), lost("writes None for the mask")],
	"address-prefix-and-netmask": [crash(stops), lost("writes both: the system refuses them")],
	"several-addresses": [wrong("keeps only one of them", { renderers: [...IFCFG, KEYFILES, GENTOO] })],
	"gateway-not-last": [
		lost("keeps only one address, and may lose the default route", { renderers: [...IFCFG, KEYFILES] }),
	],
	"ipv6-without-ipv4": [crash(stops)],
	"routes-type": [crash(stops)],
	"route-type": [crash(stops)],
	"route-network-invalid": [
		crash(stops),
		wrong("takes it for a default route", { renderers: [NETWORKD], when: isMissing }),
		lost(refused),
	],
	"route-netmask-missing": [crash(stops), lost(refused)],
	"route-netmask-invalid": [crash(stops), lost(refused)],
	"route-prefix": [crash(stops), lost(refused)],
	"route-network-family": [crash(stops), lost(refused)],
	"route-gateway-missing": [crash(stops), lost(refused)],
	"route-gateway-invalid": [crash(stops), lost(refused)],
	"route-gateway-family": [lost(refused)],
	"gateway-off-link": [lost("the kernel refuses the route: the gateway is not a neighbour")],
	"service-type-missing": [crash(stops)],
	"service-address-missing": [
		crash(stops),
		wrong("writes a name server None into resolv.conf", { when: isDnsService }),
	],
	"network-services-type": [crash(stops)],
	"network-service-type": [crash(stops)],
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
	stops: gleanStop,
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

function isDnsService({ service }: Fault): boolean {
	return service !== undefined && member(service.raw, "type") === "dns";
}
