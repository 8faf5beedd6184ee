/** What the check says of glean, and where it shows in the files that glean writes. */
import { ASPECTS, type Aspect } from "./aspects.ts";
import type { Visible } from "./claims.ts";
import type { Known } from "./compare-meaning.ts";

const ADDRESSES: readonly Aspect[] = ["address", "dynamic", "route", "unreadable"];

export const VISIBLE_IN_GLEAN: Visible = {
	"link-id-repeated": ["address", "dynamic", "link"],
	"bond-links-missing": ["link"],
	"bond-mode-missing": ASPECTS,
	"bond-mode-unknown": ["bond", "link"],
	"bond-unsupported": ["bond", "link"],
	"vlan-mac-own": "mac",
	"vlan-mac-refused": "link",
	"vlan-mac-invalid": ["mac", "link", "unreadable"],
	"vlan-link-unknown": ["link"],
	"vlan-unsupported": ["link", "route"],
	"mtu-unread": "mtu",
	"network-id-repeated": ADDRESSES,
	"address-missing": ADDRESSES,
	"address-invalid": ADDRESSES,
	"address-family": ADDRESSES,
	"netmask-missing": ADDRESSES,
	"netmask-invalid": ADDRESSES,
	"several-addresses": ["address", "dynamic"],
	"gateway-not-last": "route",
	"route-network-invalid": ["route", "unreadable"],
	"route-netmask-missing": ["route", "unreadable"],
	"route-netmask-invalid": ["route", "unreadable"],
	"route-netmask-bits": ["route", "unreadable"],
	"route-gateway-missing": ["route", "unreadable"],
	"route-gateway-invalid": ["route", "unreadable"],
	"route-metric-unread": "route",
	"dhcp-routes-unread": "route",
	"default-route-in-gateway-alone": "route",
	"dns-on-networks-alone": "dns",
	"dns-search-unread": "search",
	"service-address-missing": ["dns", "unreadable"],
	"service-address-invalid": ["dns", "unreadable"],
	"nic-profile-unbound": "mac",
	"document-type": ASPECTS,
};

/** Differences between the files and the document that no finding is about, each for the very cells that it is known for. */
export const GLEAN_EXCEPTIONS: readonly Known[] = [
	{
		why: "the plan leaves out the search domains and routes of a network without an address",
		cell: /^(debian|networkd): (static|vlan)\.networks\[0\]\.type = "manual": (missed: route|false alarm: dns-search-unread)$/,
	},
	{
		why: "a route without a destination is written as a default route, through the same gateway as the missing one",
		cell: /^networkd: static\.networks\[0\]\.routes\[0\]\.network missing: false alarm: default-route-in-gateway-alone$/,
	},
	{
		why: "a SLAAC network inherits the routes of the DHCPv4 network before it, which cannot work",
		cell: /^redhat: dynamic\.networks\[0\]\.routes\[0\]\.netmask = "(ffff:.*)?": missed: route$/,
	},
	{
		why: "the option is empty, and ifupdown leaves out the rest of the file: more than the finding's own part is lost",
		cell: /^debian: bond\.networks\[0\]\.(ip_address|netmask|routes\[0\]\.gateway) = "": missed: (link|bond)$/,
	},
	{
		why: "the plan has no address or route with an empty value either",
		cell: /^debian: vlan\.networks\[0\]\.(ip_address|netmask|routes\[0\]\.gateway) = "": false alarm: /,
	},
	{
		why: "the plan has no bond of an unknown mode",
		cell: /^redhat-keyfiles: bond\.links\[2\]\.bond_mode = (7|-1|9): false alarm: bond-unsupported$/,
	},
	{
		why: "glean leaves out the routes of a DHCP network, and no client reads the value that the plan takes",
		cell: /: destination by DHCP\.networks\[0\]\.routes\[0\]\.(destination = "default"|netmask = 0): missed: route$/,
	},
	{
		why: "glean takes the word default for a default route, the plan takes the mask",
		cell: /^suse: destination and network\.networks\[0\]\.routes\[0\]\.network = "default": missed: route$/,
	},
	{
		why: "the mask is that of a default route, too",
		cell: /^networkd: destination( by DHCP)?\.networks\[0\]\.routes\[0\]\.netmask = ("0\.0\.0\.0"|0): false alarm: route-network-invalid$/,
	},
	{
		why: "the link has no address of the server's family",
		cell: /"2001:db8::53"\]?: false alarm: dns-on-networks-alone$/,
	},
	{
		why: "no client reads a list of servers on a network, and the check takes it for no server; the plan has them",
		cell: /: servers of a route by DHCP\..*address = \["10\.0\.0\.53","10\.0\.0\.54"\]: missed: dns$/,
	},
	{
		why: "both links' addresses come to the one NIC; the plan keeps the last link of a MAC address",
		cell: /^(debian|networkd): nic-mac-repeated at .*: missed: address$/,
	},
];

/** Effects that a finding promises and that the files cannot show, each for the very cells that it is known for. */
export const GLEAN_HIDDEN_EFFECTS: readonly Known[] = [
	{
		why: "the link has no address of the server's family",
		cell: /"2001:db8::53"\]: dns-on-networks-alone$/,
	},
	{
		why: "a NIC has no address that is in the guest, or a link has an id that nothing names: the plan leaves it out, too",
		cell: /: ((static|dynamic|bond|vlan)\.links( |\[\d\]\.(id|ethernet_mac_address) )|(nic|bond)-mac-[a-z]+ at|nic-mac-repeated at|link-id-[a-z]+ at)/,
	},
	{
		why: "the plan has no bond of an unknown mode, and no VLAN with an invalid tag or without a parent",
		cell: /: ((bond|vlan)\.links\[\d\]\.(bond_mode|vlan_id|vlan_link|vlan_mac_address) |(bond-mode|vlan-id|vlan-mac)-[a-z]+ at)/,
	},
	{
		why: "the plan leaves out a network on no link, of an unknown type or without a valid address",
		cell: /: ((static|dynamic|bond|vlan)\.networks\[\d\]\.(link|type|ip_address|netmask) |(network-link|network-type|address|netmask)-[a-z]+ at)/,
	},
	{
		why: "an invalid server is in resolv.conf, and the reader of the files refuses it",
		cell: /: ((static|dynamic|bond|vlan)\.services\[0\]\.address |service-address-[a-z]+ at).*: dns-on-networks-alone$/,
	},
	{
		why: "the bond or VLAN is missing altogether",
		cell: /^redhat(-keyfiles)?: ((bond|vlan)\.|mtu-unread at).*: (mtu-unread|dns-on-networks-alone)$/,
	},
	{
		why: "the plan leaves out an invalid search domain",
		cell: /: static\.networks\[0\]\.dns_search\[0\] = ("a\.example b\.example"|""): dns-search-unread$/,
	},
	{
		why: "a route without a destination is written as a default route, which is missing as the network's own gateway",
		cell: /^networkd: static\.networks\[0\]\.routes\[0\]\.network missing: route-network-invalid$/,
	},
	{
		why: "netifrc takes the word default for a default route, and the plan leaves the route out",
		cell: /^gentoo: bond\.networks\[0\]\.routes\[0\]\.network = "default": route-network-invalid$/,
	},
	{
		why: "ifupdown leaves out the rest of the file, and with it the bond's members; the plan has no such route either",
		cell: /^debian: bond\.networks\[0\]\.routes\[0\]\.gateway = "": route-gateway-missing$/,
	},
	{
		why: "each of many links has its profile, and the plan leaves out those with the same MAC address",
		cell: /document-long at \/links: nic-profile-unbound$/,
	},
];
