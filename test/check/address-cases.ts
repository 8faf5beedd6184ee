import type { Case } from "./cases.ts";
import { automatic, defaultRoute, ipv4, ipv6, networks, second, twoNics, without } from "./documents.ts";

/** One static network, changed. */
const one = (change: Record<string, unknown>) => networks(ipv4(change));

export const addressCases: readonly Case[] = [
	{
		rule: "address-missing",
		at: "/networks/0",
		bad: networks(without(ipv4(), "ip_address")),
		good: networks(automatic("ipv4_dhcp")),
	},
	{ rule: "address-missing", at: "/networks/0/ip_address", bad: one({ ip_address: null }), good: networks(ipv4()) },
	{
		rule: "address-invalid",
		at: "/networks/0/ip_address",
		bad: one({ ip_address: "10.0.0.256" }),
		good: networks(ipv4()),
	},
	{
		rule: "address-invalid",
		at: "/networks/0/ip_address",
		bad: networks(automatic("ipv4_dhcp", { ip_address: "later" })),
		good: networks(automatic("ipv4_dhcp", { ip_address: "10.0.0.5" })),
	},
	{ rule: "address-family", at: "/networks/0/type", bad: networks(ipv6({ type: "ipv4" })), good: networks(ipv6()) },
	{ rule: "netmask-missing", at: "/networks/0", bad: networks(without(ipv4(), "netmask")), good: networks(ipv4()) },
	{
		rule: "netmask-missing",
		at: "/networks/0/netmask",
		bad: one({ netmask: null }),
		good: one({ netmask: null, ip_address: "10.0.0.5/24" }),
	},
	{
		rule: "netmask-invalid",
		at: "/networks/0/netmask",
		bad: one({ netmask: "255.0.255.0" }),
		good: one({ netmask: "255.255.0.0" }),
	},
	{ rule: "netmask-invalid", at: "/networks/0/netmask", bad: one({ netmask: "33" }), good: one({ netmask: "32" }) },
	{
		rule: "netmask-bits",
		at: "/networks/0/netmask",
		bad: one({ netmask: "24" }),
		good: one({ netmask: "255.255.255.0" }),
	},
	{ rule: "netmask-number", at: "/networks/0/netmask", bad: one({ netmask: 24 }), good: one({ netmask: "24" }) },
	{
		rule: "address-prefix",
		at: "/networks/0/ip_address",
		bad: networks(without(ipv4({ ip_address: "10.0.0.5/24" }), "netmask")),
		good: networks(without(ipv4(), "netmask")),
	},
	{
		rule: "address-prefix-and-netmask",
		at: "/networks/0/ip_address",
		bad: one({ ip_address: "10.0.0.5/24" }),
		good: networks(ipv4()),
	},
	{
		rule: "ipv6-prefix-assumed",
		at: "/networks/0/netmask",
		bad: networks(ipv6({ netmask: "ffff:ffff:ffff::" })),
		good: networks(ipv6()),
	},
	{
		rule: "address-on-automatic",
		at: "/networks/0/ip_address",
		bad: networks(automatic("ipv6_slaac", { ip_address: "2001:db8::5" })),
		good: networks(automatic("ipv6_slaac")),
	},
	{
		rule: "address-unusable",
		at: "/networks/0/ip_address",
		bad: one({ ip_address: "10.0.0.255" }),
		good: one({ ip_address: "10.0.0.255", netmask: "255.255.254.0" }),
	},
	{
		rule: "address-unusable",
		at: "/networks/0/ip_address",
		bad: one({ ip_address: "10.0.0.4", netmask: "255.255.255.252" }),
		good: one({ ip_address: "10.0.0.4", netmask: "255.255.255.254" }),
	},
	{
		rule: "address-unusable",
		at: "/networks/0/ip_address",
		bad: one({ ip_address: "224.0.0.1" }),
		good: networks(ipv4()),
	},
	{
		rule: "address-repeated",
		at: "/networks/1/ip_address",
		bad: twoNics({}, { ip_address: "10.0.0.5" }),
		good: networks(ipv4(), second({ ip_address: "10.0.0.5" })),
	},
	{
		rule: "subnets-overlap",
		at: "/networks/1",
		bad: twoNics({ netmask: "255.254.0.0" }, { netmask: "255.255.255.0" }),
		good: twoNics({ netmask: "255.255.0.0" }, { netmask: "255.255.255.0" }),
	},
	{ rule: "subnets-overlap", at: "/networks/1", bad: twoNics({}, { ip_address: "10.0.0.6" }), good: twoNics() },
	{ rule: "subnets-overlap", at: "/networks/0", bad: twoNics({}, { netmask: "255.0.0.0" }), good: twoNics() },
	{ rule: "several-addresses", at: "/networks/1", bad: networks(ipv4(), second()), good: networks(ipv4(), ipv6()) },
	{
		rule: "gateway-not-last",
		at: "/networks/1",
		bad: networks(ipv4({ routes: [defaultRoute()] }), second()),
		good: networks(second(), ipv4({ routes: [defaultRoute()] })),
	},
	{
		rule: "static6-stops-slaac",
		at: "/networks/0/type",
		bad: networks(automatic("ipv6_slaac"), ipv6()),
		good: networks(automatic("ipv6_slaac"), ipv4()),
	},
	{
		rule: "static6-after-dhcp6",
		at: "/networks/1",
		bad: networks(automatic("ipv6_dhcpv6-stateful"), ipv6()),
		good: networks(ipv6(), automatic("ipv6_dhcpv6-stateful")),
	},
];
