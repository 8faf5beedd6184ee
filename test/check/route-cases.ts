import type { Case } from "./cases.ts";
import { automatic, defaultRoute, hostRoute, ipv4, ipv6, networks, twoNics, without } from "./documents.ts";

/** One static network with these routes. */
const routes = (...list: unknown[]) => networks(ipv4({ routes: list }));
/** One route to a network, changed. */
const one = (change: Record<string, unknown>) => routes(hostRoute(change));
const toSecond = { routes: [defaultRoute("10.1.0.1")] };

export const routeCases: readonly Case[] = [
	{ rule: "routes-type", at: "/networks/0/routes", bad: networks(ipv4({ routes: null })), good: routes() },
	{ rule: "routes-type", at: "/networks/0/routes", bad: networks(ipv4({ routes: "none" })), good: routes() },
	{ rule: "route-type", at: "/networks/0/routes/0", bad: routes(null), good: routes(hostRoute()) },
	{
		rule: "route-gateway-missing",
		at: "/networks/0/routes/0",
		bad: routes(without(hostRoute(), "gateway")),
		good: routes(hostRoute()),
	},
	{
		rule: "route-gateway-missing",
		at: "/networks/0/routes/0/gateway",
		bad: one({ gateway: null }),
		good: one({ gateway: "10.0.0.2" }),
	},
	{
		rule: "route-gateway-invalid",
		at: "/networks/0/routes/0/gateway",
		bad: routes(defaultRoute("router")),
		good: routes(defaultRoute("10.0.0.1")),
	},
	{
		rule: "gateway-invalid",
		at: "/networks/0/gateway",
		bad: networks(ipv4({ gateway: "router" })),
		good: networks(ipv4({ gateway: "10.0.0.1" })),
	},
	{
		rule: "route-network-invalid",
		at: "/networks/0/routes/0",
		bad: routes(without(hostRoute(), "network")),
		good: routes(hostRoute()),
	},
	{
		rule: "route-network-invalid",
		at: "/networks/0/routes/0/network",
		bad: one({ network: "anywhere" }),
		good: routes(defaultRoute()),
	},
	{
		rule: "route-netmask-missing",
		at: "/networks/0/routes/0",
		bad: routes(without(hostRoute(), "netmask")),
		good: routes(without(hostRoute({ network: "192.168.0.0/16" }), "netmask")),
	},
	{
		rule: "route-netmask-zero",
		at: "/networks/0/routes/0/netmask",
		bad: routes(hostRoute({ netmask: "0.0.0.0" })),
		good: routes(hostRoute()),
	},
	{
		rule: "route-netmask-invalid",
		at: "/networks/0/routes/0/netmask",
		bad: one({ netmask: "ffff::" }),
		good: one({ netmask: "255.255.255.255" }),
	},
	{
		rule: "route-netmask-bits",
		at: "/networks/0/routes/0/netmask",
		bad: one({ netmask: "16" }),
		good: one({ netmask: "255.255.0.0" }),
	},
	{
		rule: "route-prefix",
		at: "/networks/0/routes/0/network",
		bad: one({ network: "192.168.0.0/16" }),
		good: one({ network: "192.168.0.0" }),
	},
	{
		rule: "route-gateway-family",
		at: "/networks/0/routes/0/gateway",
		bad: routes(defaultRoute("10.0.0.1", { gateway: "2001:db8::1" })),
		good: networks(ipv6({ routes: [defaultRoute("2001:db8::1")] })),
	},
	{
		rule: "route-network-family",
		at: "/networks/0/routes/0",
		bad: routes(defaultRoute("2001:db8::1")),
		good: networks(ipv6({ routes: [defaultRoute("2001:db8::1")] })),
	},
	{
		rule: "gateway-off-link",
		at: "/networks/0/routes/0/gateway",
		bad: routes(defaultRoute("10.0.1.1")),
		good: routes(defaultRoute("10.0.0.254")),
	},
	{
		rule: "gateway-off-link",
		at: "/networks/0/routes/0/gateway",
		bad: networks(ipv6({ routes: [defaultRoute("2001:db8:1::1")] })),
		good: networks(ipv6({ routes: [defaultRoute("fe80::1")] })),
	},
	{
		rule: "gateway-off-link",
		at: "/networks/0/gateway",
		bad: networks(ipv4({ gateway: "10.0.1.1" })),
		good: networks(ipv4({ gateway: "10.0.1.1", netmask: "255.255.254.0" })),
	},
	{
		rule: "default-route-repeated",
		at: "/networks/0/routes/1",
		bad: routes(defaultRoute(), defaultRoute("10.0.0.2")),
		good: networks(ipv4({ routes: [defaultRoute()] }), ipv6({ routes: [defaultRoute("fe80::1")] })),
	},
	{
		rule: "default-route-on-two-links",
		at: "/networks/1/routes/0",
		bad: twoNics({ routes: [defaultRoute()] }, toSecond),
		good: twoNics({ routes: [defaultRoute()] }),
	},
	{
		rule: "default-route-beside-dhcp",
		at: "/networks/1/routes/0",
		bad: twoNics({ type: "ipv4_dhcp" }, toSecond),
		good: twoNics({ routes: [defaultRoute()] }, { type: "ipv4_dhcp" }),
	},
	{
		rule: "route-repeated",
		at: "/networks/0/routes/1",
		bad: routes(hostRoute(), hostRoute({ gateway: "10.0.0.2" })),
		good: routes(hostRoute(), hostRoute({ network: "192.169.0.0" })),
	},
	{
		rule: "ipv6-routes-unread",
		at: "/networks/0/routes/0",
		bad: networks(ipv6({ routes: [defaultRoute("fe80::1")] })),
		good: networks(ipv6({ gateway: "fe80::1" })),
	},
	{ rule: "host-routes-unread", at: "/networks/0/routes/0", bad: routes(hostRoute()), good: routes(defaultRoute()) },
	{
		rule: "dhcp-routes-unread",
		at: "/networks/0/routes/0",
		bad: networks(automatic("ipv4_dhcp", { routes: [hostRoute()] })),
		good: networks(automatic("ipv4_dhcp", { routes: [] })),
	},
];
