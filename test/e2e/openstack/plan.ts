/**
 * What stands in the laboratory's cloud: networks and guests that cover what Neutron lets a tenant do. The maker is
 * `instances.ts`; a guest added here is made and compared without touching code.
 */
import { markedKey } from "../../../src/key-order.ts";

export interface SubnetPlan {
	readonly name: string;
	readonly cidr: string;
	/** Further members of Neutron's subnet, as its API takes them. */
	readonly more?: Readonly<Record<string, unknown>>;
}

export interface NetworkPlan {
	readonly name: string;
	readonly project?: string;
	readonly subnets: readonly SubnetPlan[];
	readonly more?: Readonly<Record<string, unknown>>;
	/** The address of a port of owner `network:dhcp`, as a DHCP agent makes one. */
	readonly dhcpPort?: { readonly subnet: string; readonly address: string };
}

export interface NicPlan {
	readonly network: string;
	/** Subnet and address of each fixed IP; Neutron chooses when it isn't there. */
	readonly addresses?: readonly (readonly [subnet: string, address?: string])[];
	readonly more?: Readonly<Record<string, unknown>>;
	/** Device tag. */
	readonly tag?: string;
	/** VLANs of a trunk that this NIC is the parent of. */
	readonly subports?: readonly { readonly vlan: number; readonly nic: NicPlan }[];
	readonly floatingIp?: boolean;
}

export interface VolumePlan {
	readonly name: string;
	/** The guest boots from it. */
	readonly root?: boolean;
	/** Device tag. */
	readonly tag?: string;
	/** It is attached to the running guest. */
	readonly later?: boolean;
}

/** A Manila share; releases older than 2025.1 attach none. */
export interface SharePlan {
	readonly id: string;
	readonly tag: string;
}

export interface GuestPlan {
	readonly name: string;
	readonly project?: string;
	/** In boot order. */
	readonly nics: readonly NicPlan[];
	/** Further members of Nova's server, as its API takes them. */
	readonly more?: Readonly<Record<string, unknown>>;
	/** A NIC attached after the boot. */
	readonly later?: NicPlan;
	/** In the order in which they are attached. */
	readonly volumes?: readonly VolumePlan[];
	readonly share?: SharePlan;
	/** The index of the NIC by which it reaches the metadata service, which stands in a network namespace for it. */
	readonly metadataBy?: number;
}

/** Where guests stand when their plan names no project; the other one is for those that must not be mixed up with them. */
export const PROJECT = "orchard";
export const OTHER_PROJECT = "quarry";

/**
 * Without security groups no packet goes through connection tracking, which ends Open vSwitch 3.1's userspace datapath
 * now and then: for the networks by which guests ask for metadata.
 */
const UNTRACKED = { port_security_enabled: false };

const v6 = (mode: string) => ({ ip_version: 6, ipv6_ra_mode: mode, ipv6_address_mode: mode });

export const NETWORKS: readonly NetworkPlan[] = [
	{
		name: "espalier",
		subnets: [
			{
				name: "espalier-v4",
				cidr: "172.20.16.0/22",
				more: { enable_dhcp: false, gateway_ip: "172.20.19.254", dns_nameservers: ["172.20.16.53", "172.20.17.53"] },
			},
			{
				name: "espalier-v6",
				cidr: "2001:db8:e5:a11e::/72",
				more: { ip_version: 6, enable_dhcp: false, dns_nameservers: ["2001:db8:e5::35"] },
			},
		],
	},
	{
		name: "espalier",
		project: OTHER_PROJECT,
		subnets: [{ name: "espalier-v4", cidr: "172.20.16.0/22", more: { dns_nameservers: ["172.20.16.99"] } }],
	},
	{
		name: "hamlet",
		project: OTHER_PROJECT,
		more: UNTRACKED,
		subnets: [{ name: "hamlet-v4", cidr: "10.78.0.0/24" }],
	},
	{
		name: "cordon",
		more: UNTRACKED,
		subnets: [
			{
				name: "cordon-v4",
				cidr: "10.64.8.0/23",
				more: {
					gateway_ip: "10.64.9.254",
					dns_nameservers: ["10.64.8.10"],
					host_routes: [
						{ destination: "192.0.2.0/25", nexthop: "10.64.8.7" },
						{ destination: "198.51.100.64/32", nexthop: "10.64.8.8" },
					],
				},
			},
		],
	},
	{
		name: "lattice",
		more: UNTRACKED,
		subnets: [
			{ name: "lattice-v4", cidr: "100.64.32.0/20", more: { dns_nameservers: ["100.64.32.5"] } },
			{
				name: "lattice-slaac",
				cidr: "2001:db8:1a77::/64",
				more: { ...v6("slaac"), dns_nameservers: ["2001:db8:1a77::5"] },
			},
		],
	},
	{
		name: "bower",
		subnets: [
			{ name: "bower-v4", cidr: "192.168.77.0/26" },
			{ name: "bower-stateful", cidr: "2001:db8:b0:3e::/64", more: v6("dhcpv6-stateful") },
		],
	},
	{
		name: "arbour",
		subnets: [
			{ name: "arbour-v4", cidr: "192.168.78.128/25", more: { enable_dhcp: false } },
			{
				name: "arbour-stateless",
				cidr: "2001:db8:a4:b04::/64",
				more: { ...v6("dhcpv6-stateless"), dns_nameservers: ["2001:db8:a4::1", "2001:db8:a4::2"] },
			},
		],
	},
	{
		name: "mossbank",
		subnets: [
			{
				name: "mossbank-v6",
				cidr: "fd36:10c5:ba2c::/48",
				more: {
					ip_version: 6,
					enable_dhcp: false,
					gateway_ip: "fd36:10c5:ba2c::ffff",
					host_routes: [{ destination: "2001:db8:cafe::/47", nexthop: "fd36:10c5:ba2c::beef" }],
				},
			},
		],
	},
	{
		name: "terrace",
		subnets: [
			{ name: "terrace-low", cidr: "10.71.0.0/28", more: { gateway_ip: null, enable_dhcp: false } },
			{ name: "terrace-middle", cidr: "10.71.4.0/22", more: { dns_nameservers: ["10.71.4.4"] } },
			{
				name: "terrace-high",
				cidr: "10.71.128.0/17",
				more: {
					enable_dhcp: false,
					dns_nameservers: ["10.71.200.1"],
					host_routes: [{ destination: "10.0.0.0/8", nexthop: "10.71.128.9" }],
				},
			},
		],
	},
	{
		name: "silo",
		more: {
			"provider:network_type": "vlan",
			"provider:physical_network": "storage",
			"provider:segmentation_id": 2042,
		},
		subnets: [{ name: "silo-v4", cidr: "10.72.0.0/16", more: { enable_dhcp: false, gateway_ip: null } }],
	},
	{
		name: "shelf",
		more: {
			"provider:network_type": "vlan",
			"provider:physical_network": "rack",
			"provider:segmentation_id": 350,
			mtu: 1380,
			dns_domain: "shelf.maple.test.",
		},
		subnets: [{ name: "shelf-v4", cidr: "10.73.64.0/19", more: { enable_dhcp: false } }],
	},
	{ name: "stem", subnets: [{ name: "stem-v4", cidr: "10.74.0.0/24", more: { enable_dhcp: false } }] },
	{
		name: "twig-left",
		subnets: [{ name: "twig-left-v4", cidr: "10.74.1.0/24", more: { enable_dhcp: false, gateway_ip: null } }],
	},
	{
		name: "twig-right",
		subnets: [
			{ name: "twig-right-v4", cidr: "10.74.2.0/24" },
			{ name: "twig-right-slaac", cidr: "2001:db8:74:2::/64", more: v6("slaac") },
		],
	},
	{
		name: "pollard",
		more: UNTRACKED,
		subnets: [{ name: "pollard-v4", cidr: "10.75.0.0/21", more: { dns_nameservers: ["10.75.7.53"] } }],
		dhcpPort: { subnet: "pollard-v4", address: "10.75.6.67" },
	},
	{ name: "islet", subnets: [{ name: "islet-v4", cidr: "10.76.0.0/27", more: { gateway_ip: null } }] },
	{
		name: "detour",
		subnets: [
			{
				name: "detour-v4",
				cidr: "10.77.0.0/24",
				more: {
					enable_dhcp: false,
					host_routes: [
						{ destination: "0.0.0.0/0", nexthop: "10.77.0.200" },
						{ destination: "172.31.0.0/16", nexthop: "10.77.0.201" },
					],
				},
			},
		],
	},
	{ name: "unlit", more: { port_security_enabled: false }, subnets: [] },
	{ name: "hamlet", more: UNTRACKED, subnets: [{ name: "hamlet-v4", cidr: "10.78.0.0/24" }] },
	{ name: "100", subnets: [{ name: "100-v4", cidr: "10.79.0.0/24" }] },
];

const userData = (text: string) => Buffer.from(text).toString("base64");

export const GUESTS: readonly GuestPlan[] = [
	{
		name: "pear-static",
		nics: [{ network: "espalier", addresses: [["espalier-v4", "172.20.17.21"]] }],
	},
	{
		name: "pear-overlapping",
		project: OTHER_PROJECT,
		nics: [{ network: "espalier", addresses: [["espalier-v4", "172.20.17.21"]] }],
		more: { metadata: { owner: "the other project" } },
	},
	{
		name: "cherry-twin",
		project: OTHER_PROJECT,
		nics: [{ network: "hamlet", addresses: [["hamlet-v4", "10.78.0.66"]] }],
		metadataBy: 0,
	},
	{
		name: "pear-both",
		nics: [
			{
				network: "espalier",
				addresses: [
					["espalier-v6", "2001:db8:e5:a11e::b"],
					["espalier-v4", "172.20.18.3"],
				],
			},
		],
	},
	{
		name: "quince-slaac",
		nics: [{ network: "lattice", addresses: [["lattice-v4", "100.64.40.1"], ["lattice-slaac"]] }],
		metadataBy: 0,
	},
	{ name: "quince-slaac-only", nics: [{ network: "lattice", addresses: [["lattice-slaac"]] }] },
	{
		name: "quince-stateful",
		nics: [{ network: "bower", addresses: [["bower-v4"], ["bower-stateful", "2001:db8:b0:3e::c0de"]] }],
	},
	{ name: "quince-stateless", nics: [{ network: "arbour" }] },
	{
		name: "quince-static6",
		nics: [{ network: "mossbank", addresses: [["mossbank-v6", "fd36:10c5:ba2c:7::1:2"]] }],
	},
	{
		name: "medlar-subnets",
		nics: [
			{
				network: "terrace",
				addresses: [
					["terrace-high", "10.71.150.7"],
					["terrace-low", "10.71.0.9"],
					["terrace-middle", "10.71.5.6"],
				],
			},
		],
	},
	{
		name: "medlar-addresses",
		nics: [
			{
				network: "espalier",
				addresses: [
					["espalier-v4", "172.20.18.40"],
					["espalier-v4", "172.20.16.41"],
					["espalier-v4", "172.20.19.42"],
					["espalier-v6", "2001:db8:e5:a11e::40"],
					["espalier-v6", "2001:db8:e5:a11e::41"],
				],
			},
		],
	},
	{
		name: "plum-two",
		nics: [
			{ network: "shelf", addresses: [["shelf-v4", "10.73.70.2"]] },
			{ network: "cordon", addresses: [["cordon-v4", "10.64.8.102"]] },
		],
		metadataBy: 1,
	},
	{
		name: "plum-three",
		nics: [
			{ network: "silo", addresses: [["silo-v4", "10.72.3.3"]], tag: "backup" },
			{ network: "lattice" },
			{ network: "shelf", addresses: [["shelf-v4", "10.73.70.3"]] },
		],
	},
	{
		name: "plum-twice",
		nics: [
			{ network: "cordon", addresses: [["cordon-v4", "10.64.9.9"]] },
			{ network: "cordon", addresses: [["cordon-v4", "10.64.8.9"]] },
		],
	},
	{
		name: "plum-woven",
		nics: [
			{ network: "shelf", addresses: [["shelf-v4", "10.73.70.40"]] },
			{ network: "silo", addresses: [["silo-v4", "10.72.4.40"]] },
			{ network: "shelf", addresses: [["shelf-v4", "10.73.70.41"]] },
		],
	},
	{
		name: "sloe-trunk",
		nics: [
			{
				network: "stem",
				addresses: [["stem-v4", "10.74.0.30"]],
				subports: [
					{ vlan: 211, nic: { network: "twig-left", addresses: [["twig-left-v4", "10.74.1.30"]] } },
					{ vlan: 3077, nic: { network: "twig-right" } },
				],
			},
		],
	},
	{ name: "damson-dhcp", nics: [{ network: "pollard", addresses: [["pollard-v4", "10.75.1.1"]] }], metadataBy: 0 },
	{ name: "damson-no-gateway", nics: [{ network: "islet" }] },
	{
		name: "damson-routes",
		nics: [
			{ network: "detour", addresses: [["detour-v4", "10.77.0.12"]] },
			{ network: "espalier", addresses: [["espalier-v4", "172.20.16.77"]] },
		],
	},
	{
		name: "cherry-floating",
		nics: [{ network: "hamlet", addresses: [["hamlet-v4", "10.78.0.44"]], floatingIp: true }],
	},
	{
		name: "cherry-full",
		nics: [{ network: "hamlet", addresses: [["hamlet-v4", "10.78.0.66"]], tag: "uplink" }],
		more: {
			key_name: "grafting-knife",
			hostname: "cherry",
			metadata: { role: "stone fruit", note: 'Kirsche, 桜 – "quoted" & <tagged>' },
			user_data: userData("#!/bin/sh\necho hello from the cherry tree\n"),
		},
		metadataBy: 0,
	},
	{
		// What JavaScript would put in another order: networks and metadata that are called by numbers.
		name: "cherry-numbers",
		nics: [
			{ network: "hamlet", addresses: [["hamlet-v4", "10.78.0.71"]] },
			{ network: "100", addresses: [["100-v4", "10.79.0.71"]] },
		],
		more: {
			key_name: "rootstocks",
			metadata: { role: "web", [markedKey("10")]: "ten", [markedKey("9")]: "nine", a: "" },
		},
	},
	{
		name: "cherry-binary",
		nics: [{ network: "hamlet" }],
		more: { user_data: Buffer.from(Array.from({ length: 512 }, (_, index) => (index * 31) & 0xff)).toString("base64") },
	},
	{
		name: "bullace-bare",
		nics: [{ network: "unlit", addresses: [] }],
	},
	{ name: "bullace-none", nics: [] },
	{
		name: "bullace-mixed",
		nics: [
			{ network: "unlit", addresses: [] },
			{ network: "hamlet", addresses: [["hamlet-v4", "10.78.0.55"]] },
		],
	},
	{
		name: "almond-dns",
		nics: [
			{
				network: "shelf",
				addresses: [["shelf-v4", "10.73.71.1"]],
				more: { dns_name: "almond-dns", dns_domain: "nuts.maple.test." },
			},
		],
	},
	{
		name: "almond-pairs",
		nics: [
			{
				network: "shelf",
				addresses: [["shelf-v4", "10.73.71.61"]],
				more: {
					description: "an address that moves between two guests",
					allowed_address_pairs: [
						{ ip_address: "10.73.71.60" },
						{ ip_address: "10.73.71.64/28", mac_address: "00:00:5e:00:01:3d" },
					],
				},
			},
		],
	},
	{
		name: "fig-late",
		nics: [{ network: "shelf", addresses: [["shelf-v4", "10.73.72.1"]] }],
		later: { network: "espalier", addresses: [["espalier-v4", "172.20.18.91"]] },
	},
	{
		name: "hazel-root",
		nics: [{ network: "shelf", addresses: [["shelf-v4", "10.73.73.1"]] }],
		volumes: [{ name: "hazel-root", root: true, tag: "root" }, { name: "hazel-more" }],
	},
	{
		name: "hazel-volumes",
		nics: [{ network: "cordon", addresses: [["cordon-v4", "10.64.8.173"]], tag: "uplink" }],
		volumes: [
			{ name: "hazel-data", tag: "data" },
			{ name: "hazel-late", tag: "late", later: true },
			{ name: "hazel-plain", later: true },
		],
	},
	{
		name: "hazel-share",
		nics: [{ network: "shelf", addresses: [["shelf-v4", "10.73.73.2"]] }],
		share: { id: "6b1a2f0e-2c56-4d8e-9f0a-3b7d5e1c8a42", tag: "hazel-archive" },
	},
];
