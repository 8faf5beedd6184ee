/** Documents for the rules about what clients support, by version and renderer. */
import type { Case } from "./cases.ts";
import {
	automatic,
	bond,
	bonded,
	defaultRoute,
	dns,
	document,
	hostRoute,
	ipv4,
	ipv6,
	MAC,
	nic,
	nic2,
	tagged,
	twoNics,
	vlan,
	without,
} from "./documents.ts";

const links = (...list: unknown[]) => document({ links: list });
const networks = (...list: unknown[]) => document({ networks: list });
const lacp = (change: Record<string, unknown>) => bonded({ bond_mode: "802.3ad", ...change });
/** A VLAN on a bond with that id. */
const vlanOnBond = (id: string) =>
	document({
		links: [nic(), nic2(), bond({ id }), vlan({ vlan_link: id })],
		networks: [ipv4({ link: "vlan0" })],
	});
const infiniband = Array.from({ length: 20 }, () => "52").join(":");

export const supportCases: readonly Case[] = [
	{
		rule: "dns-nameservers-overridden",
		at: "/networks/0/dns_nameservers",
		bad: networks(ipv4({ services: [dns()], dns_nameservers: ["10.0.0.53", "10.0.0.54"] })),
		good: networks(ipv4({ services: [dns()], dns_nameservers: ["10.0.0.53"] })),
	},
	{
		rule: "dns-in-services-alone",
		at: "/services/1",
		bad: document({ services: [dns(), dns("10.0.0.54")] }),
		good: document(),
	},
	{
		// A link keeps the members of its first network: the second one gets IPv4 routes.
		rule: "client-stops",
		at: "/networks/1",
		bad: networks(ipv4({ routes: [defaultRoute()] }), without(ipv6(), "routes")),
		good: networks(ipv4({ routes: [defaultRoute()] }), ipv6()),
	},
	{
		rule: "nic-mac-infiniband",
		at: "/links/0/ethernet_mac_address",
		bad: links(nic({ ethernet_mac_address: infiniband })),
		good: links(nic()),
	},
	{
		rule: "nic-not-in-guest",
		at: "/links/1/ethernet_mac_address",
		bad: links(nic(), nic2()),
		good: links(nic()),
		nics: [MAC.toUpperCase()],
	},
	{ rule: "mtu-unread", at: "/links/1/mtu", bad: tagged({ mtu: 1400 }), good: tagged({ mtu: 1500 }) },
	{ rule: "mtu-unread", at: "/links/2/mtu", bad: bonded({ mtu: 9000 }), good: bonded() },
	{
		rule: "bond-mode-number-text",
		at: "/links/2/bond_mode",
		bad: bonded({ bond_mode: "4" }),
		good: bonded({ bond_mode: "802.3ad" }),
	},
	{
		rule: "bond-miimon-text",
		at: "/links/2/bond_miimon",
		bad: bonded({ bond_miimon: "100" }),
		good: bonded({ bond_miimon: 100 }),
	},
	{ rule: "bond-monitoring-missing", at: "/links/2/bond_miimon", bad: bonded({ bond_miimon: 0 }), good: bonded() },
	{
		rule: "bond-monitoring-missing",
		at: "/links/2/bond_miimon",
		bad: lacp({ bond_miimon: null }),
		good: lacp({ bond_miimon: "100" }),
	},
	{ rule: "bond-mode-unread", at: "/links/2/bond_mode", bad: bonded(), good: bonded({ "bond-mode": "active-backup" }) },
	{
		rule: "bond-hash-policy-unread",
		at: "/links/2/bond_xmit_hash_policy",
		bad: lacp({ bond_xmit_hash_policy: "layer3+4" }),
		good: lacp({
			bond_xmit_hash_policy: "layer3+4",
			"bond-xmit-hash-policy": "layer3+4",
			"bond_xmit-hash-policy": "layer3+4",
		}),
	},
	{
		rule: "bond-lacp-rate-unread",
		at: "/links/2/bond_lacp_rate",
		bad: lacp({ bond_lacp_rate: "fast" }),
		good: lacp({ bond_lacp_rate: "slow" }),
	},
	{
		rule: "bond-monitoring-missing",
		at: "/links/2/bond_miimon",
		bad: bonded({ bond_mode: "balance-rr", bond_miimon: "0" }),
		good: bonded({ bond_arp_interval: 100, bond_miimon: 0 }),
	},
	{ rule: "bond-miimon-unread", at: "/links/2/bond_miimon", bad: bonded(), good: bonded({ bond_miimon: null }) },
	{
		rule: "bond-mac-unread",
		at: "/links/2/ethernet_mac_address",
		bad: bonded(),
		good: bonded({ ethernet_mac_address: null }),
	},
	{
		rule: "bond-member-macs",
		at: "/links/2/ethernet_mac_address",
		bad: bonded(),
		good: bonded({ bond_links: ["tap0"] }),
	},
	{ rule: "bond-id-long", at: "/links/2/id", bad: vlanOnBond("tap12345678-ab"), good: vlanOnBond("bond0") },
	{ rule: "bond-id-long", at: "/links/2/id", bad: vlanOnBond("tap0123456789abc"), good: vlanOnBond("tap0123456789ab") },
	{ rule: "vlan-mac-own", at: "/links/1/vlan_mac_address", bad: tagged(), good: tagged({ vlan_mac_address: MAC }) },
	{
		rule: "vlan-name-long",
		at: "/links/1",
		bad: document({ links: [nic({ name: "enp216s0f0np0" }), vlan()], networks: [ipv4({ link: "vlan0" })] }),
		good: document({ links: [nic({ name: "enp216s0f0n" }), vlan()], networks: [ipv4({ link: "vlan0" })] }),
	},
	{ rule: "vlan-name-long", at: "/links/3", bad: vlanOnBond("tap12345678-ab"), good: vlanOnBond("bond0") },
	{
		rule: "virtual-link-static6",
		at: "/networks/0",
		bad: { ...tagged(), networks: [ipv6({ link: "vlan0" })] },
		good: { ...tagged(), networks: [ipv6()] },
	},
	{
		rule: "network-type-approximated",
		at: "/networks/0/type",
		bad: networks(automatic("ipv6_slaac")),
		good: networks(automatic("ipv6_dhcpv6-stateful")),
	},
	{ rule: "ipv6-without-ipv4", at: "/links/0", bad: networks(ipv6()), good: networks(ipv4(), ipv6()) },
	{
		rule: "ipv6-netmask-unread",
		at: "/networks/0",
		bad: networks(ipv6()),
		good: networks(ipv6({ ip_address: "2001:db8::5/64" })),
	},
	{
		rule: "network-id-of-neutron-missing",
		at: "/networks/0/network_id",
		bad: networks(ipv4({ network_id: null })),
		good: networks(ipv4()),
	},
	{
		rule: "ipv6-default-route-missing",
		at: "/networks/0",
		bad: networks(ipv6()),
		good: networks(ipv6({ routes: [defaultRoute("fe80::1")] })),
	},
	{
		rule: "dhcp-on-two-links",
		at: "/networks/1/type",
		bad: twoNics({ type: "ipv4_dhcp" }, { type: "ipv4_dhcp" }),
		good: twoNics({ type: "ipv4_dhcp" }),
	},
	{
		rule: "route-metric-invalid",
		at: "/networks/0/routes/0/metric",
		bad: networks(ipv4({ routes: [defaultRoute("10.0.0.1", { metric: "low" })] })),
		good: networks(ipv4({ routes: [defaultRoute("10.0.0.1", { metric: "100" })] })),
	},
	{
		rule: "default-route-in-gateway-alone",
		at: "/networks/0/gateway",
		bad: networks(ipv4({ gateway: "10.0.0.1" })),
		good: networks(ipv4({ gateway: "10.0.0.1", routes: [defaultRoute()] })),
	},
	{
		rule: "dns-not-on-link",
		at: "/networks/0",
		bad: networks(ipv4({ services: [dns()] })),
		good: networks(ipv4({ dns_nameservers: ["10.0.0.53"] })),
	},
	{
		rule: "dns-not-on-link",
		at: "/networks/0",
		bad: networks(ipv4({ services: [dns()] }), ipv6()),
		good: networks(ipv6(), ipv4({ dns_nameservers: ["10.0.0.53"] })),
	},
	{
		rule: "dns-not-on-link",
		at: "/networks/0",
		bad: { ...document(), networks: [ipv4()] },
		good: { ...twoNics({}, { dns_nameservers: ["10.0.0.53"] }), services: [dns()] },
	},
	{
		rule: "dhcp-dns-unread",
		at: "/networks/0/services/0",
		bad: networks(automatic("ipv6_slaac", { services: [dns("2001:db8::53")] }), ipv4({ services: [dns()] })),
		good: networks(automatic("ipv6_slaac"), ipv4({ services: [dns()] })),
	},
	{
		rule: "dns-on-every-link",
		at: "/networks/1",
		bad: twoNics({ services: [dns()] }, { services: [] }),
		good: twoNics({ services: [dns()] }, { services: [dns()] }),
	},
	{
		rule: "dns-of-every-link",
		at: "/links/1",
		bad: twoNics({ services: [dns()] }, { services: [dns("10.1.0.53")] }),
		good: twoNics({ services: [dns()] }, { services: [dns()] }),
	},
	{
		rule: "nic-name-invalid",
		at: "/links/0/name",
		bad: links(nic({ name: null })),
		good: links(nic({ name: "lan0" })),
	},
	{
		rule: "netmask-zero",
		at: "/networks/0/netmask",
		bad: networks(ipv4({ netmask: "0.0.0.0" })),
		good: networks(ipv4()),
	},
	{
		rule: "value-type",
		at: "/networks/0/netmask",
		bad: networks(ipv4({ netmask: null })),
		good: networks(ipv4()),
	},
	{ rule: "value-type", at: "/links/1/mtu", bad: tagged({ mtu: null }), good: tagged() },
	{
		rule: "bond-lacp-rate-invalid",
		at: "/links/2/bond_lacp_rate",
		bad: lacp({ bond_lacp_rate: "quick" }),
		good: lacp({ bond_lacp_rate: "fast" }),
	},
	{
		rule: "bond-hash-policy-unknown",
		at: "/links/2/bond_xmit_hash_policy",
		bad: lacp({ bond_xmit_hash_policy: ["layer2"] }),
		good: lacp({ bond_xmit_hash_policy: "layer2" }),
	},
	{
		rule: "bond-option-spelling",
		at: "/links/2",
		bad: lacp({ "bond_xmit-hash-policy": "layer3+4" }),
		good: lacp({ bond_xmit_hash_policy: "layer3+4" }),
	},
	{
		rule: "network-service-address-invalid",
		at: "/networks/0/services/0/address",
		bad: networks(ipv4({ services: [{ type: "dns", address: 5 }] })),
		good: networks(ipv4({ services: [dns()] })),
	},
	{
		rule: "dns-nameserver-invalid",
		at: "/networks/0/dns_nameservers",
		bad: networks(ipv4({ dns_nameservers: ["dns.example"] })),
		good: networks(ipv4({ dns_nameservers: ["10.0.0.53"] })),
	},
	{
		rule: "dns-search-item-invalid",
		at: "/networks/0/dns_search",
		bad: networks(ipv4({ dns_search: [5] })),
		good: networks(ipv4({ dns_search: ["a.example"] })),
	},
	{
		rule: "route-metric-unread",
		at: "/networks/0/routes/0/metric",
		bad: networks(ipv4({ routes: [hostRoute({ metric: 100 })] })),
		good: networks(ipv4({ routes: [hostRoute()] })),
	},
	{
		rule: "route-host-bits",
		at: "/networks/0/routes/0/network",
		bad: networks(ipv4({ routes: [hostRoute({ network: "192.168.0.7" })] })),
		good: networks(ipv4({ routes: [hostRoute({ network: "192.168.0.7", netmask: "255.255.255.255" })] })),
	},
	{
		rule: "static6-takes-ra",
		at: "/networks/0",
		bad: networks(ipv6({ routes: [defaultRoute("2001:db8::1")] })),
		good: networks(automatic("ipv6_slaac")),
	},
	{
		rule: "dhcp6-starts-dhcp4",
		at: "/networks/0/type",
		bad: networks(automatic("ipv6_dhcpv6-stateful")),
		good: networks(automatic("ipv6_dhcpv6-stateful"), automatic("ipv4_dhcp", { id: "network2" })),
	},
	{
		rule: "dns-on-dhcp-link",
		at: "/links/0",
		bad: networks(automatic("ipv4_dhcp")),
		good: networks(automatic("ipv4_dhcp"), ipv4()),
	},
	{
		rule: "service-address-invalid",
		at: "/networks/0/services/0/address",
		bad: networks(automatic("ipv4_dhcp", { services: [dns("dns.example")] })),
		good: networks(automatic("ipv4_dhcp", { services: [dns()] })),
	},
];
