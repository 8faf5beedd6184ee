/** cloud-init: what it reads, by version and by the renderer that writes the guest's configuration. */
import { BOND_OPTIONS } from "../../instance/bonding.ts";
import type { Client } from "./client.ts";
import { cloudInitBondOptionReactions, hasSpelling, optionReadings } from "./cloud-init-bond-options.ts";
import { cloudInitBondReactions } from "./cloud-init-bonds.ts";
import { cloudInitDnsReactions } from "./cloud-init-dns.ts";
import { cloudInitFractionReactions } from "./cloud-init-fractions.ts";
import { cloudInitLinkReactions } from "./cloud-init-links.ts";
import { cloudInitMetricReactions } from "./cloud-init-metrics.ts";
import { cloudInitNetworkReactions } from "./cloud-init-networks.ts";
import { hasLink, isBond, isNic, isStatic } from "./conditions.ts";
import { NOVA_NETWORK_TYPES, supportFor } from "./network-types.ts";
import { TALOS_NIC_TYPES } from "./talos.ts";

/** Every renderer but netplan, which gets no routes or servers of networks with DHCP or SLAAC, and BSD's. */
const NOT_NETPLAN = ["networkd", "network-manager", "sysconfig", "eni"];
/** These read a network's own name servers and search domains only if it has an address. */
const STATIC_DNS = ["netplan", "networkd"];
const ANY_DNS = ["network-manager", "eni", "bsd"];
/** NetworkManager asks for DHCP in place of a type that cloud-init does not know there. */
const NOT_NETWORK_MANAGER = ["netplan", "networkd", "sysconfig", "eni", "bsd"];

export const cloudInit: Client = {
	name: "cloud-init",
	title: "cloud-init",
	source: "its source from 22.4.2 to August 2026, and running it: see below",
	versions: { oldest: "22.4.2", newest: "26.2", note: "from Debian 12 (22.4.2) to Debian sid and Ubuntu (26.2)" },
	renderers: [
		{ name: "netplan", usedBy: "Ubuntu, Debian since 12" },
		{ name: "networkd", usedBy: "Arch, Azure Linux, Photon" },
		{ name: "network-manager", usedBy: "Fedora, RHEL and its derivatives since 9" },
		{ name: "sysconfig", usedBy: "RHEL and its derivatives before 9, SUSE, Amazon Linux" },
		{ name: "eni", usedBy: "Alpine, Debian with ifupdown" },
		{ name: "bsd", usedBy: "FreeBSD, OpenBSD, NetBSD" },
	],
	networkTypes: {
		...supportFor("ipv4", "ipv4_dhcp", "static", "dhcp", "dhcp4"),
		manual: [{ renderers: NOT_NETWORK_MANAGER }],
		...Object.fromEntries(
			[...NOVA_NETWORK_TYPES.filter((type) => type.startsWith("ipv6")), "static6", "dhcp6"].map((type) => [
				type,
				[{ renderers: ["netplan", ...NOT_NETPLAN] }],
			]),
		),
	},
	nicTypes: [null, ...TALOS_NIC_TYPES, "bgpovs", "cascading", "dvs", "ethernet", "hyperv"],
	parsesRoutes: ({ link }) => link !== undefined,
	parsesServices: ({ link }) => link !== undefined,
	setsMonitoring: "by-document",
	setsNoMonitoring: { sysconfig: "if 0" },
	reads: {
		...Object.fromEntries(BOND_OPTIONS.map((option) => [`links[].bond_${option}`, optionReadings(option)])),
		"links[].name": [
			{ when: isNic, note: "NICs" },
			{ since: "26.1", when: isBond, note: "bonds" },
		],
		"links[].mtu": [
			{ renderers: ["netplan", "networkd", "sysconfig", "eni", "bsd"] },
			{ renderers: ["network-manager"], when: isNic, note: "NICs" },
			{ renderers: ["network-manager"], since: "24.3", when: isBond, note: "bonds" },
		],
		"links[].bond_mode": [
			{ renderers: ["netplan", "networkd", "sysconfig", "eni"] },
			{ renderers: ["network-manager"], since: "24.2" },
			{ renderers: ["network-manager"], when: hasSpelling("bond-mode"), note: "also written as bond-mode" },
		],
		"links[].bond_miimon": [
			{ renderers: ["netplan", "networkd", "sysconfig", "eni"] },
			{ renderers: ["network-manager"], until: "24.2" },
			{ renderers: ["network-manager"], since: "24.3" },
		],
		"links[].bond_xmit_hash_policy": [
			{ renderers: ["netplan", "eni"] },
			{ renderers: ["sysconfig"], until: "24.2" },
			{ renderers: ["network-manager"], since: "24.3" },
			{
				renderers: ["network-manager"],
				until: "24.3",
				when: hasSpelling("bond-xmit-hash-policy"),
				note: "also written as bond-xmit-hash-policy",
			},
			{
				renderers: ["networkd", "sysconfig"],
				since: "24.2",
				when: hasSpelling("bond_xmit-hash-policy"),
				note: "also written as bond_xmit-hash-policy",
			},
		],
		"links[].bond_lacp_rate": [
			{ renderers: ["netplan", "eni"] },
			{ renderers: ["sysconfig"], until: "24.2" },
			{ renderers: ["network-manager"], since: "24.4" },
			{
				renderers: ["networkd", "sysconfig"],
				since: "24.2",
				when: hasSpelling("bond_lacp-rate"),
				note: "also written as bond_lacp-rate",
			},
		],
		"links[].vlan_mac_address": [
			{ renderers: ["netplan", "networkd", "eni"], until: "24.2" },
			{ renderers: ["netplan", "networkd", "eni"], since: "25.1.1" },
		],
		"networks[].gateway": [
			{ when: isStatic, note: "static networks" },
			{ renderers: ["network-manager"], when: hasLink, note: "all networks" },
		],
		"networks[].metric": [
			{ renderers: ["netplan"], since: "25.2" },
			{ renderers: ["network-manager"], since: "26.2" },
			{ renderers: ["sysconfig"] },
			{ renderers: ["eni"], when: ({ route }) => route === undefined, note: "not for routes" },
		],
		"networks[].routes": [
			{ renderers: ["netplan", "bsd"], when: isStatic, note: "static networks" },
			{ renderers: NOT_NETPLAN, when: hasLink },
		],
		"networks[].services": [
			{ since: "23.2", renderers: [...STATIC_DNS, "sysconfig"], when: isStatic, note: "static networks" },
			{ since: "23.2", renderers: ANY_DNS },
			{ since: "24.2", renderers: ["sysconfig"] },
		],
		"networks[].dns_nameservers": [
			{ renderers: [...STATIC_DNS, "sysconfig"], when: isStatic, note: "static networks" },
			{ renderers: ANY_DNS },
			{ since: "24.2", renderers: ["sysconfig"] },
		],
		"networks[].dns_search": [
			{ renderers: STATIC_DNS, when: isStatic, note: "static networks" },
			{ renderers: [...ANY_DNS, "sysconfig"] },
		],
		"routes[].destination": [{}],
		"routes[].metric": [
			{ renderers: ["netplan", "networkd", "sysconfig", "eni"] },
			{ renderers: ["network-manager"], since: "24.4" },
		],
		"routes[].services": [{ since: "24.3" }],
		services: [{}],
	},
	reactions: {
		...cloudInitLinkReactions,
		...cloudInitBondReactions,
		...cloudInitBondOptionReactions,
		...cloudInitFractionReactions,
		...cloudInitNetworkReactions,
		...cloudInitMetricReactions,
		...cloudInitDnsReactions,
	},
};
