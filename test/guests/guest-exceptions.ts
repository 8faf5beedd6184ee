import type { Exception } from "../clients/exceptions.ts";

/** Where a guest does not come up as its document says. */
export const GUEST_EXCEPTIONS: readonly Exception[] = [
	{
		runs: { client: ["netplan"], wiring: ["dhcp-and-static", "dhcp", "slaac"] },
		difference: /^NIC 0: search domain missing/,
		defect:
			"cloud-init writes no search domain for a network with DHCP or SLAAC, and systemd-networkd takes none from there by default",
	},
	{
		runs: { client: ["netplan"], wiring: ["trunk", "bond-vlan", "mtu", "vlan-mtu", "eight-nics"] },
		difference: /^(NIC|VLAN) \d+: DNS server extra/,
		defect: "cloud-init gives a link without servers those of all others (GH-5386)",
	},
	{
		runs: { suite: ["trixie"], client: ["netplan", "network-manager", "ifupdown"], wiring: ["bond", "bond-vlan"] },
		difference: /^cloud-init: init(-local)?: WARNING: network-config-v1 failed schema validation!/,
		defect:
			"cloud-init 24.2 to 25.3 gives a bond with a static IPv6 address a member that its own schema does not know, and rejects the second spelling of bond options (docs/clients.md)",
	},
	{
		runs: { client: ["netplan"], wiring: ["no-port"] },
		difference: /^failed unit: systemd-networkd-wait-online/,
		defect: "the document has no NIC, cloud-init configures none, and this unit waits for one in vain",
	},
	{
		runs: { client: ["network-manager"], wiring: ["trunk", "dhcp-and-static", "dhcpv6"] },
		difference: /^(NIC|VLAN) 1\d*: (DNS server missing|none of its DNS servers was asked)/,
		defect:
			"NetworkManager gives systemd-resolved the DNS servers of a link without a default route for its search domains alone, and none if it has no search domain",
	},
	{
		runs: { client: ["network-manager"], wiring: ["trunk", "bond-vlan", "vlan-mtu"] },
		difference: /^VLAN \d+: (MTU|MAC address) /,
		defect: "cloud-init's renderer for NetworkManager drops the MTU and the MAC address of VLANs (GH-7027)",
	},
	{
		runs: { suite: ["bookworm"], client: ["ifupdown"] },
		difference: /DNS server missing|search domain (missing|extra: DOMAINS)|^DNS: no query was answered|none of its DNS/,
		defect:
			"Debian 12's hook of systemd-resolved for ifupdown (/etc/network/if-up.d/resolved) quotes the names of its variables, and loses what they hold",
	},
];
