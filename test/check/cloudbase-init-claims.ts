/** What the check says of cloudbase-init, and where it shows in what its network plugin sets. */
import type { Visible } from "./claims.ts";
import type { Known } from "./compare-meaning.ts";

export const VISIBLE_IN_CLOUDBASE_INIT: Visible = {
	"several-addresses": "address",
	"gateway-not-last": "route",
	"host-routes-unread": "route",
	"route-metric-unread": "route",
	"default-route-in-gateway-alone": "route",
	"dns-in-services-alone": "dns",
	"dns-search-unread": "search",
};

/** Differences that no finding is about, each for the very cells that it is known for. */
export const CLOUDBASE_INIT_EXCEPTIONS: readonly Known[] = [
	{
		why: "the bond is taken for a NIC that has another NIC's address: the adapter gets its settings, the plan drops it",
		cell: /: bond\.links\[2\]\.type (missing|= .*): missed: (address|route)$/,
	},
	{
		why: "the servers are set for IPv4 and then for IPv6, which the model of Windows does not tell apart",
		cell: /: not dns-family-missing at .*: missed: dns$/,
	},
	{
		why: "the network is left to Windows, which has the routes of its DHCP server",
		cell: /: (dhcp-routes-unread at |(destination|servers of a route) by DHCP).*: missed: route$/,
	},
	{
		why: "the route is not usable, and neither Windows nor the plan has it",
		cell: /: route-gateway-missing at .*: false alarm: host-routes-unread$/,
	},
];

/** Effects that a finding promises and that the adapters cannot show, each for the very cells that it is known for. */
export const CLOUDBASE_INIT_HIDDEN_EFFECTS: readonly Known[] = [
	{
		why: "the plan leaves out an address with a mask of zeros, and its routes",
		cell: /: static\.networks\[0\]\.netmask = "0\.0\.0\.0": /,
	},
	{
		why: "the plan leaves out an invalid search domain",
		cell: /: static\.networks\[0\]\.dns_search\[0\] = ("a\.example b\.example"|""): dns-search-unread$/,
	},
];
