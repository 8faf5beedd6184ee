/** Differences between the files and the document that are no harm in the guest, or beyond what files can show. */
export const MEANING_EXCEPTIONS: readonly { readonly why: string; readonly cell: RegExp }[] = [
	{
		why: "cloud-init's own type manual configures no address; NetworkManager's profile asks for DHCP",
		cell: /type = "manual"/,
	},
	{
		why: "a route, or an address, of a family that the link has no address of: the plan leaves it out",
		cell: /route-network-family|network = "2001:db8::"|networks\[1\]\.ip_address = "10\.0\.0\.5\/24"|gateway = "(2001:db8::1|fe80::1)"/,
	},
	{
		why: "the server that hands out the address hands out name servers",
		cell: /: dns$|dhcp-dns-unread/,
	},
	{
		why: "a mask, gateway or metric that the plan leaves out",
		cell: /routes\[0\]\.(netmask missing|gateway missing|gateway = "10\.0\.0\.1\/24")|route-metric-invalid/,
	},
	{
		why: "programs read a MAC address with dashes, and ifupdown only the name",
		cell: /ethernet_mac_address = "|nic-name-invalid/,
	},
	{
		why: "the kernel refuses the VLAN, so that its MAC address and MTU do not matter",
		cell: /vlan_link = "vlan0"|vlan-id-invalid|vlan-over-vlan|mtu-above-parent|vlan\.links\[\d\]\.mtu/,
	},
	{
		why: "a name server of a DHCP network that nobody can read as an address",
		cell: /dynamic\.networks\[0\]\.services\[0\]\.address = "(10\.0\.0\.53\/24|dns\.example)"/,
	},
	{ why: "NetworkManager refuses the profile of a bond with such a mode", cell: /bond_mode = (9|"802\.3AD")/ },
	{ why: "a VLAN or NIC in a bond takes its address from the bond", cell: /bond-link-type|bond-member/ },
	{
		why: "the kernel's own link monitoring of the mode, or monitoring by ARP: the plan writes 100 ms",
		cell: /bond-monitoring-missing at/,
	},
];
