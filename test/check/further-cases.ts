/** Documents for rules about what clients' own sources say, and what cloud-init does with each where it can be run. */
import type { Case } from "./cases.ts";
import {
	automatic,
	bond,
	bonded,
	defaultRoute,
	dns,
	document,
	ipv4,
	ipv6,
	MAC,
	nic,
	nic2,
	tagged,
	twoNics,
	vlan,
} from "./documents.ts";

const networks = (...list: unknown[]) => document({ networks: list });
/** A second address in the subnet. */
const second = (change: Record<string, unknown>) => ipv4({ id: "network2", ip_address: "10.0.0.6", ...change });
const routed = { routes: [defaultRoute()] };
const domains = (count: number) => Array.from({ length: count }, (_, index) => `d${index}.example`);

export const furtherCases: readonly Case[] = [
	{
		rule: "document-yaml",
		at: "",
		bad: document(),
		good: document(),
		options: { notJson: "Unexpected token 'l' at position 0" },
	},
	{
		rule: "document-empty",
		at: "",
		bad: { version: 2, ethernets: { eth0: { dhcp4: true } } },
		good: networks(automatic("ipv4_dhcp")),
	},
	{
		rule: "default-route-twice",
		at: "/networks/1/routes/0",
		bad: networks(ipv4(routed), second(routed)),
		good: networks(ipv4({ gateway: "10.0.0.1", ...routed }), second({})),
	},
	{
		rule: "default-route-twice",
		at: "/networks/0/routes/1",
		bad: networks(ipv4({ routes: [defaultRoute(), defaultRoute()] })),
		good: networks(ipv4(routed), ipv6({ routes: [defaultRoute("2001:db8::1")] })),
	},
	{
		rule: "default-route-twice",
		at: "/networks/1/routes/0",
		bad: networks(automatic("ipv4_dhcp", routed), ipv4(routed)),
		good: networks(automatic("ipv4_dhcp", routed), ipv4()),
	},
	{
		rule: "default-route-twice",
		at: "/networks/1/routes/0",
		bad: networks(ipv4(routed), second({ routes: [defaultRoute("10.0.0.2")] })),
		good: networks(
			automatic("ipv6_slaac", { routes: [defaultRoute("fe80::1")] }),
			ipv6({ routes: [defaultRoute("fe80::1")] }),
		),
	},
	{
		rule: "link-without-network",
		at: "/links/1",
		bad: document({ links: [nic(), nic2()] }),
		good: bonded(),
	},
	{ rule: "link-without-network", at: "/links/0", bad: tagged(), good: twoNics() },
	{
		rule: "link-without-network",
		at: "/links/2",
		bad: document({
			links: [nic(), nic2(), bond(), vlan({ vlan_link: "bond0" })],
			networks: [ipv4({ link: "vlan0" })],
		}),
		good: bonded(),
	},
	{
		rule: "gateway-without-address",
		at: "/networks/0/gateway",
		bad: networks(automatic("ipv4_dhcp", { gateway: "10.0.0.1" })),
		good: networks(automatic("ipv4_dhcp", { gateway: "10.0.0.1" }), ipv4()),
	},
	{
		rule: "gateway-without-address",
		at: "/networks/1/gateway",
		bad: networks(ipv4(), automatic("ipv6_slaac", { gateway: "fe80::1" })),
		good: networks(ipv4(), automatic("ipv6_slaac")),
	},
	{
		rule: "ipv6-gateway",
		at: "/networks/1/gateway",
		bad: networks(ipv4(routed), ipv6({ gateway: "2001:db8::1" })),
		good: networks(ipv4(routed), ipv6({ routes: [defaultRoute("2001:db8::1")] })),
	},
	{
		rule: "dhcp-beside-static",
		at: "/networks/1",
		bad: networks(automatic("ipv4_dhcp"), ipv4()),
		good: networks(automatic("ipv4_dhcp"), ipv6()),
	},
	{
		rule: "dhcp-beside-static",
		at: "/networks/1",
		bad: networks(ipv6(), automatic("ipv6_dhcp")),
		good: networks(ipv6(), automatic("ipv6_slaac")),
	},
	{
		rule: "dns-search-long",
		at: "",
		bad: networks(ipv4({ dns_search: domains(7) })),
		good: networks(ipv4({ dns_search: domains(6) })),
	},
	{
		rule: "dns-search-long",
		at: "",
		bad: networks(ipv4({ dns_search: domains(4) }), second({ dns_search: ["a.example", "b.example", "c.example"] })),
		good: networks(ipv4({ dns_search: domains(6) }), second({ dns_search: domains(6) })),
	},
	{
		rule: "dns-search-long",
		at: "",
		bad: networks(ipv4({ dns_search: ["a".repeat(128), "b".repeat(128)] })),
		good: networks(ipv4({ dns_search: ["a".repeat(128), "b".repeat(127)] })),
	},
	{
		rule: "dns-search-long",
		at: "",
		bad: document({ services: [dns(undefined, { search: domains(7) })] }),
		good: document({ services: [dns(undefined, { search: domains(7).join(" ") })] }),
	},
	{
		rule: "dns-server-unusable",
		at: "/services/0",
		bad: document({ services: [dns("0.0.0.0")] }),
		good: document({ services: [dns("127.0.0.1")] }),
	},
	{
		rule: "dns-server-unusable",
		at: "/networks/0/dns_nameservers",
		bad: networks(ipv6({ dns_nameservers: ["::"] })),
		good: networks(ipv6({ dns_nameservers: ["::1"] })),
	},
	{
		rule: "dns-server-unusable",
		at: "/networks/0/services/0",
		bad: networks(ipv4({ services: [dns("224.0.0.251")] })),
		good: networks(ipv4({ services: [dns()] })),
	},
	{
		rule: "dns-in-services-unread",
		at: "/services/0",
		bad: document(),
		good: document({ services: [] }),
		options: { clients: ["nuageinit@14.1"] },
	},
	{
		rule: "mtu-unread",
		at: "/links/0/mtu",
		bad: document({ links: [nic({ mtu: 1450 })], networks: [ipv4()] }),
		good: document({ links: [nic({ mtu: 1450 })], networks: [ipv4(), automatic("ipv4_dhcp")] }),
	},
	{
		rule: "mtu-invalid",
		at: "/links/0/mtu",
		bad: document({ links: [nic({ mtu: "9000x" })] }),
		good: document(),
	},
	...["name", "vif_id"].map((name) => ({
		rule: "member-type",
		at: `/links/0/${name}`,
		bad: document({ links: [nic({ [name]: 5 })] }),
		good: document({ links: [nic({ [name]: "lan0" })] }),
	})),
	{
		rule: "member-type",
		at: "/networks/0/network_id",
		bad: networks(ipv4({ network_id: 5 })),
		good: networks(ipv4({ network_id: null })),
	},
	...["10.0.0.53", null, [5]].map((dns_nameservers) => ({
		rule: "member-type",
		at: "/networks/0/dns_nameservers",
		bad: networks(ipv4({ dns_nameservers })),
		good: networks(ipv4({ dns_nameservers: [] })),
	})),
	...["100", -1, 2 ** 32].map((metric) => ({
		rule: "member-type",
		at: "/networks/0/routes/0/metric",
		bad: networks(ipv4({ routes: [defaultRoute("10.0.0.1", { metric })] })),
		good: networks(ipv4({ routes: [defaultRoute("10.0.0.1", { metric: 100 })] })),
	})),
	{
		rule: "nic-mac-upper-case",
		at: "/links/0/ethernet_mac_address",
		bad: document({ links: [nic({ ethernet_mac_address: "52:54:00:00:00:0A" })] }),
		good: document({ links: [nic({ ethernet_mac_address: MAC })] }),
	},
	{
		rule: "nic-not-in-guest",
		at: "/links/1/ethernet_mac_address",
		bad: twoNics(),
		good: document(),
		nics: [MAC],
	},
	{
		rule: "dhcp-on-two-links",
		at: "/networks/1/type",
		bad: twoNics({ type: "ipv6_slaac" }, { type: "ipv6_dhcpv6-stateful" }),
		good: twoNics({ type: "ipv6_slaac" }, { type: "ipv4_dhcp" }),
	},
	{
		rule: "dhcp-on-two-links",
		at: "/networks/1/type",
		bad: twoNics({ type: "dhcp4" }, { type: "dhcp" }),
		good: twoNics({ type: "dhcp4" }),
	},
	{
		rule: "default-route-beside-dhcp",
		at: "/networks/1/routes/0",
		bad: twoNics({ type: "dhcp" }, { routes: [defaultRoute("10.1.0.1")] }),
		good: twoNics({ type: "ipv6_slaac" }, { routes: [defaultRoute("10.1.0.1")] }),
	},
];
