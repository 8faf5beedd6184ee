import type { Known } from "./compare-meaning.ts";

/** Differences between the files and the document that no finding is about, each for the very cells that it is known for. */
export const MEANING_EXCEPTIONS: readonly Known[] = [
	{
		why: "cloud-init passes on the routes and search domains of a network without an address; the plan leaves them out",
		cell: /^(networkd|sysconfig|eni): (static|dynamic|bond|vlan)\.networks\[\d\]\.type = "manual": missed: (route|search)$/,
	},
	{
		why: "the link has an IPv6 route, which works, and no IPv6 address, because its type is wrong: the plan leaves it out",
		cell: /^[a-z-]+: static\.networks\[1\]\.ip_address = "10\.0\.0\.5\/24": missed: route$/,
	},
	{
		why: "cloud-init before 24.2 does not read the mode, and makes the bond; the plan has no bond of an unknown mode",
		cell: /^network-manager: bond\.links\[2\]\.bond_mode = (7|-1|9): false alarm: bond-mac-unread$/,
	},
	{
		why: "an empty DNS= starts systemd's list anew, and the right servers follow; the reader of the files refuses it",
		cell: /^networkd: ((bond|vlan)\.services\[0\]\.address = ""|service-address-missing at \/services\/0\/address): missed: unreadable$/,
	},
	{
		why: "the plan leaves out the search domains of a network without an address, too",
		cell: /^(netplan|networkd): static\.networks\[0\]\.type = "manual": false alarm: dns-search-unread$/,
	},
	{
		why: "the NICs have different names, or are in a bond and have no networks",
		cell: /^[a-z-]+: (static|bond)\.links\[1\]\.ethernet_mac_address = "52:54:00:00:00:01": false alarm: nic-mac-repeated$/,
	},
	{
		why: "the plan, too, assumes /64 for IPv6",
		cell: /^[a-z-]+: static\.networks\[1\]\.netmask (missing|= (null|"")): false alarm: netmask-missing$/,
	},
	{
		why: "the plan, too, leaves out a route without a gateway",
		cell: /^sysconfig: static\.networks\[1\]\.routes\[0\]\.gateway (missing|= (null|"")): false alarm: route-gateway-missing$/,
	},
	{
		why: "netplan does not get the routes of a DHCP network, and the route has no mask",
		cell: /^netplan: (dynamic|destination by DHCP)\.networks\[0\]\.routes\[0\]\.netmask = 0: missed: route$/,
	},
	{
		why: "the plan, too, leaves out an invalid server",
		cell: /^(eni: |network-manager: servers of a route\.).*: false alarm: (network-service-address-invalid|dns-nameserver-invalid)$/,
	},
	{
		why: "the server is of the family in which the link has no address",
		cell: /^[a-z-]+: (bond|vlan)\.services\[0\]\.address = "2001:db8::53": false alarm: dns-in-services-alone$/,
	},
	{
		why: "the plan gives the VLAN its parent's MTU, as NetworkManager does, and leaves out an MTU that is too large",
		cell: /: false alarm: mtu-above-parent$/,
	},
	{
		why: "no client reads a list of servers on a network, and the check takes it for no server; the plan has them",
		cell: /^[a-z]+: (dynamic|servers of a route by DHCP)\..*services\[0\]\.address = \["10\.0\.0\.53","10\.0\.0\.54"\]: missed: dns$/,
	},
	{
		why: "metrics above 2047 are not compared: those that the plan adds are as large",
		cell: /routes\[0\]\.metric = 4294967296: false alarm: route-metric-invalid$/,
	},
	{
		why: "a metric of 0 is compared as none, which it is to the kernel",
		cell: /^network-manager: (static|dynamic)\.networks\[0\]\.routes\[0\]\.metric = 0: false alarm: route-metric-unread$/,
	},
	{
		why: "the plan has no bond without a NIC",
		cell: /^[a-z-]+: (bond\.links\[2\]\.bond_links = \["bond0"\]|bond-link-type at .*): false alarm: bond-[a-z-]+$/,
	},
	{
		why: "the plan has no bond of an unknown mode, and no VLAN 0",
		cell: /^networkd: (bond\.links\[2\]\.bond_mode|vlan\.links\[1\]\.vlan_id) = .*: false alarm: virtual-link-unrendered$/,
	},
	{
		why: "DHCPv6 stays on beside IPV6_AUTOCONF=no: how much the system then accepts is not in the files",
		cell: /^sysconfig: static6-after-dhcp6 at .*: false alarm: static6-after-dhcp6$/,
	},
	{
		why: "cloud-init since 25.3 takes the word default for a default route, whatever the mask; the plan takes the mask",
		cell: /^[a-z-]+: (static|dynamic|destination[a-zA-Z ]*)\.networks\[0\]\.routes\[0\]\.(network|destination) = "default": missed: route$/,
	},
];

/**
 * Effects that a finding promises and that the files cannot show, each for the very cells that it is known for. The others
 * are shown by the sound document that the cell's document was made from.
 */
export const HIDDEN_EFFECTS: readonly Known[] = [
	{
		why: "the NIC is found by an address that no NIC has: no program configures the link",
		cell: /^network-manager: static\.links\[0\]\.ethernet_mac_address = .*: (static6-takes-ra|route-metric-unread)$/,
	},
	{
		why: "cloud-init before 26.1 makes no bond or VLAN with networkd, and the sound document shows it",
		cell: /^networkd: ((bond|vlan)\.(networks|links)|mtu-above-parent|vlan-id-invalid).*: (netmask|route|dns-nameserver|mtu|virtual-link|bond-member)-[a-z-]+$/,
	},
	{
		why: "the link has no address of the server's family",
		cell: /^network-manager: bond\.services\[0\]\.address = "2001:db8::53": dns-in-services-alone$/,
	},
	{
		why: "the plan has no bond of an unknown mode, and no MAC address for it",
		cell: /^network-manager: bond\.links\[2\]\.bond_mode = ("x"|"802\.3AD"|7|-1|9): bond-mac-unread$/,
	},
	{
		why: "the plan has no bond without members, or of itself",
		cell: /^(networkd|network-manager|sysconfig): bond\.links\[2\]\.bond_links = (\[\]|\["bond0"\]): bond-([a-z-]+-unread|member-network)$/,
	},
	{
		why: "the plan has no VLAN on itself, or with an invalid id",
		cell: /^(network-manager|sysconfig): (vlan\.links\[1\]\.vlan_link = "vlan0"|vlan-id-invalid at .*): (vlan-mac-own|dns-not-on-link)$/,
	},
	{
		why: "the server in dns_nameservers, which the others are missing for, is invalid, and the reader of the files refuses it",
		cell: /^network-manager: ((static|bond|vlan)\.networks\[0\]\.dns_nameservers(\[0\])? = .*|dns-nameserver-invalid at .*): dns-not-on-link$/,
	},
	{
		why: "the gateway is missing or invalid, and the reader of the files refuses it",
		cell: /^network-manager: (route-gateway-missing|route-gateway-invalid|gateway-invalid) at .*: dns-not-on-link$/,
	},
	{
		why: "the plan has no address on the link, and a link without addresses needs no servers",
		cell: /^network-manager: (not address-prefix|value-type|address-unusable|netmask-zero|not nic-mac-repeated|bond-member-network) at .*: dns-not-on-link$/,
	},
];

/**
 * Documents that Guestwire's own reader refuses, and in which the check finds no error: their wrong value is one that every
 * client takes for none, or that none reads.
 */
export const REFUSED_WITHOUT_ERROR: readonly { readonly why: string; readonly document: RegExp }[] = [
	{
		why: "Python takes the value for none",
		document:
			/^[\w ,-]+\.networks\[\d\]\.(gateway|dns_nameservers|metric|routes\[0\]\.services) = (0|false|""|\[\]|\{\})$/,
	},
	{
		why: "a service of another type than dns is not read",
		document: /^servers of a route\.networks\[0\]\.routes\[0\]\.services\[0\]\.type = /,
	},
	{ why: "clients that configure the network do not read it", document: /^vlan\.networks\[0\]\.network_id = / },
];
