/** The documents with which all formats are tested. */
import type { Link, NetworkData, NetworkEntry } from "../../src/documents/network-data.ts";
import { networkData } from "../../src/documents/network-data-full.ts";
import type { NetworkDescription } from "../../src/documents/network-description.ts";
import { assemble } from "../../src/instance/assemble.ts";
import { BOND_MODES, type BondMode } from "../../src/instance/bonding.ts";
import { recordedCases } from "../recorded.ts";
import { exampleDocuments, STATIC_DOCUMENTS } from "../system/iproute2-documents.ts";

const mac = (n: number) => `fa:16:3e:00:01:0${n}`;
const nic = (n: number, more: object = {}): Link => ({
	id: `nic${n}`,
	type: "phy",
	mtu: 1500,
	ethernet_mac_address: mac(n),
	...more,
});
const fixed = (link: string, n: number): NetworkEntry => ({
	id: `${link}-v4`,
	type: "ipv4",
	link,
	ip_address: `10.${n}.0.5`,
	netmask: "255.255.255.0",
	routes: [],
	services: [{ type: "dns", address: `10.${n}.0.53` }],
});
const dynamic = (link: string, type: NetworkEntry["type"]): NetworkEntry => ({ id: `${link}-${type}`, type, link });

const bond = (mode: BondMode): NetworkData => ({
	links: [
		nic(1),
		nic(2),
		{
			id: "bond",
			type: "bond",
			mtu: 1500,
			ethernet_mac_address: mac(1),
			bond_mode: mode,
			bond_links: ["nic1", "nic2"],
			bond_miimon: "100",
			bond_xmit_hash_policy: "layer3+4",
			...(mode === "802.3ad" && { bond_lacp_rate: "fast" }),
		},
		{ id: "vlan", type: "vlan", mtu: 1400, vlan_id: 7, vlan_link: "bond", vlan_mac_address: mac(3) },
	],
	networks: [fixed("bond", 1), dynamic("vlan", "ipv4_dhcp")],
	services: [{ type: "dns", address: "10.1.0.53" }],
});

const dynamicIpv6: NetworkData = {
	links: [nic(1), nic(2), nic(3), nic(4)],
	networks: [
		fixed("nic1", 1),
		dynamic("nic1", "ipv6_dhcpv6-stateless"),
		fixed("nic2", 2),
		dynamic("nic2", "ipv6_slaac"),
		dynamic("nic3", "ipv6_dhcpv6-stateful"),
		dynamic("nic4", "ipv4_dhcp"),
		dynamic("nic4", "ipv6_slaac"),
	],
	services: ["10.1.0.53", "10.2.0.53"].map((address) => ({ type: "dns", address })),
};

const severalAddresses: NetworkData = {
	links: [nic(1)],
	networks: [
		{ ...fixed("nic1", 1), routes: [{ network: "0.0.0.0", netmask: "0.0.0.0", gateway: "10.1.0.1" }] },
		{ ...fixed("nic1", 1), id: "second", ip_address: "10.1.0.6", services: [] },
		{ ...fixed("nic1", 1), id: "third", ip_address: "10.2.0.6", netmask: "255.255.0.0", services: [] },
	],
	services: [{ type: "dns", address: "10.1.0.53" }],
};

const searchDomains: NetworkData = {
	links: [nic(1)],
	networks: [{ ...fixed("nic1", 1), dns_search: ["a.example", "b.example"] }],
	services: [{ type: "dns", address: "10.1.0.53" }],
};

/** The first NIC is the backup, whatever its place; the third has DHCP. */
const metrics: NetworkDescription = {
	links: [nic(1), nic(2), nic(3)],
	networks: [
		{ ...fixed("nic1", 1), routes: [{ network: "0.0.0.0", netmask: "0.0.0.0", gateway: "10.1.0.1", metric: 1000 }] },
		{
			...fixed("nic2", 2),
			routes: [
				{ network: "0.0.0.0", netmask: "0.0.0.0", gateway: "10.2.0.1" },
				{ network: "172.16.0.0", netmask: "255.240.0.0", gateway: "10.2.0.2", metric: 300 },
				{ network: "10.64.0.0", netmask: "255.192.0.0", gateway: "0.0.0.0", metric: 200 },
			],
		},
		{ ...dynamic("nic3", "ipv4_dhcp"), metric: 500 },
	],
	services: [],
};

const bondWith = (mode: BondMode, options: Record<`bond_${string}`, string>): NetworkData => ({
	links: [
		nic(1),
		nic(2),
		{
			id: "bond",
			type: "bond",
			mtu: 1500,
			ethernet_mac_address: mac(1),
			bond_mode: mode,
			bond_links: ["nic1", "nic2"],
			...options,
		},
	],
	networks: [fixed("bond", 1)],
	services: [],
});

const ONE_ACTIVE = { bond_primary: "nic2", bond_primary_reselect: "failure", bond_num_grat_arp: "3" } as const;

/** Documents with what cloud-init makes something else of, or Guestwire itself does not write. */
export const FURTHER_DOCUMENTS: readonly [name: string, data: NetworkDescription][] = [
	["metrics", metrics],
	[
		"a bond with one active member",
		bondWith("active-backup", {
			...{ ...ONE_ACTIVE, bond_miimon: "100" },
			...{ bond_fail_over_mac: "follow", bond_resend_igmp: "4", bond_all_slaves_active: "1" },
		}),
	],
	[
		"a bond with monitoring by ARP",
		bondWith("active-backup", {
			...{ bond_arp_interval: "200", bond_arp_ip_target: "10.1.0.1" },
			...{ bond_arp_validate: "active", bond_arp_all_targets: "all" },
		}),
	],
	[
		"a bond with options of LACP",
		bondWith("802.3ad", {
			...{
				bond_min_links: "1",
				bond_ad_select: "bandwidth",
				bond_ad_actor_sys_prio: "1000",
				bond_ad_user_port_key: "5",
			},
			...{ bond_ad_actor_system: "02:00:00:00:00:07", bond_lacp_rate: "fast" },
		}),
	],
	[
		"a bond that balances what it sends",
		bondWith("balance-tlb", { ...ONE_ACTIVE, bond_tlb_dynamic_lb: "0", bond_lp_interval: "5" }),
	],
	["a bond that sends in turns", bondWith("balance-rr", { bond_packets_per_slave: "3", bond_miimon: "100" })],
];

/** By name: those of the recorded instances and the examples, and cases that occur in neither. */
export async function guestDocuments(): Promise<[name: string, data: NetworkData][]> {
	return [
		...(await exampleDocuments()),
		...recordedCases().flatMap(({ name, facts }): [string, NetworkData][] => {
			const data = networkData(assemble(facts), { trunks: true, defaultRoutes: "first" });
			return data === undefined ? [] : [[name, data]];
		}),
		// cloud-init's sysconfig rejects a default route repeated by each address of a link; ours accepts it.
		...Object.entries(STATIC_DOCUMENTS).filter(([name]) => name !== "several addresses"),
		["several addresses", severalAddresses],
		...BOND_MODES.map((mode): [string, NetworkData] => [`a VLAN on a bond, ${mode}`, bond(mode)]),
		["every IPv6 mode", dynamicIpv6],
		["search domains", searchDomains],
	];
}

/** Name → MAC address of a document's NICs, with the kernel's names. */
export function namesOf({ links }: NetworkDescription): Map<string, string> {
	const macs = links.flatMap((link) =>
		link.type === "vlan" || link.type === "bond" ? [] : (link.ethernet_mac_address ?? []),
	);
	return new Map(macs.map((mac, i) => [`eth${i}`, mac.toLowerCase()]));
}
