/** Differences between the files and the document that no finding is about, each for the very cells that it is known for. */
export const MEANING_EXCEPTIONS: readonly { readonly why: string; readonly cell: RegExp }[] = [
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
		why: "cloud-init since 25.3 takes the word default for a default route, whatever the mask; the plan takes the mask",
		cell: /^[a-z-]+: (static|dynamic)\.networks\[0\]\.routes\[0\]\.network = "default": missed: route$/,
	},
];

/**
 * Documents that Guestwire's own reader refuses, and in which the check finds no error: their wrong value is one that every
 * client takes for none, or that none reads.
 */
export const REFUSED_WITHOUT_ERROR: readonly { readonly why: string; readonly document: RegExp }[] = [
	{
		why: "Python takes the value for none",
		document: /^\w+\.networks\[\d\]\.(gateway|dns_nameservers) = (0|false|\[\]|\{\})$/,
	},
	{ why: "clients that configure the network do not read it", document: /^vlan\.networks\[0\]\.network_id = / },
];
