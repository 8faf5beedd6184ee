import type { Exception } from "./exceptions.ts";

const STACKED = ["trunk", "bond", "bond-vlan", "vlan-mtu"];
const VLANS = ["trunk", "bond-vlan", "vlan-mtu"];
/** Wirings with a link that has no name server. */
const WITHOUT_SERVERS = [...VLANS, "mtu", "eight-nics"];
const FROM_DOCUMENT = ["OpenStack", "ConfigDrive"];

/** Where cloud-init loses or adds something to what a document says. */
export const CLOUD_INIT_EXCEPTIONS: readonly Exception[] = [
	{
		runs: { suite: ["bookworm", "trixie"], client: ["networkd"], wiring: STACKED, source: FROM_DOCUMENT },
		difference: /^(VLAN \d+|bond 0): missing$|^(eth|bond)[\d.]+: extra$/,
		defect: "its networkd renderer makes neither VLANs nor bonds before 26.1 (GH-6534)",
	},
	{
		runs: {
			client: ["networkd"],
			wiring: ["dhcp-and-static", "addresses", "dhcpv6", "mtu", "eight-nics", ...STACKED],
			source: FROM_DOCUMENT,
		},
		difference: /DNS server extra/,
		defect: "its networkd renderer writes every server on every link (GH-5386)",
	},
	{
		runs: { client: ["netplan"], wiring: WITHOUT_SERVERS, source: FROM_DOCUMENT },
		difference: /^(kernel: )?(NIC|VLAN) \d+: DNS server extra/,
		defect: "a link without servers gets those of all others (GH-5386)",
	},
	{
		runs: { suite: ["trixie", "sid"], client: ["network-manager"], wiring: WITHOUT_SERVERS, source: FROM_DOCUMENT },
		difference: /^(NIC|VLAN) \d+: DNS server extra/,
		defect: "a link without servers gets those of all others (GH-5386)",
	},
	{
		runs: { client: ["eni", "sysconfig"], source: FROM_DOCUMENT },
		difference: /(DNS server|search domain) extra/,
		defect:
			"these formats have servers and search domains of the host, which every link has (`lo` in cloudinit/net/eni.py, resolv.conf in sysconfig.py)",
	},
	{
		runs: { client: ["network-manager"], wiring: VLANS, source: FROM_DOCUMENT },
		difference: /^VLAN \d+: (MTU|MAC address) missing/,
		defect: "its NetworkManager renderer drops the MTU and the MAC address of VLANs (GH-7027)",
	},
	{
		runs: { suite: ["bookworm"], client: ["network-manager"], wiring: ["bond", "bond-vlan"], source: ["OpenStack"] },
		difference: /^bond 0: MTU missing/,
		defect: "its NetworkManager renderer drops the MTU of bonds (GH-7027)",
	},
	{
		runs: { suite: ["bookworm"], client: ["network-manager"], wiring: ["bond-vlan"], source: ["OpenStack"] },
		difference: /^bond 0: bond option lacpRate missing/,
		defect: "its NetworkManager renderer drops options of bonds (GH-6932)",
	},
	{
		runs: { client: ["sysconfig"], wiring: ["trunk", "vlan-mtu"], source: FROM_DOCUMENT },
		difference: /^VLAN \d+: MAC address missing/,
		defect: "its sysconfig renderer drops the MAC address of VLANs (GH-2886)",
	},
	{
		runs: { suite: ["trixie", "sid"], client: ["sysconfig", "networkd"], wiring: ["bond-vlan"], source: ["OpenStack"] },
		difference: /^bond 0: bond option lacpRate missing/,
		defect:
			"it makes bond-lacp_rate of bond_lacp_rate since 24.2, which its sysconfig and networkd renderers do not read (GH-6576)",
	},
	{
		runs: {
			client: ["netplan", "networkd"],
			wiring: ["dhcp-and-static", "dhcp", "slaac"],
			source: FROM_DOCUMENT,
		},
		difference: /^kernel: NIC 0: search domain missing/,
		defect:
			"it writes no search domain for a network with DHCP or SLAAC (_extract_addresses in cloudinit/net/netplan.py), and systemd-networkd takes none from there by default",
	},
	{
		runs: {
			suite: ["bookworm"],
			client: ["networkd", "network-manager", "eni", "sysconfig"],
			wiring: ["dual-stack", "dhcp", "addresses", "static-and-slaac"],
			source: ["NoCloud"],
		},
		difference: /default route missing: ::\/0|route extra: ::\/64/,
		defect: "it makes ::/64 of ::/0 before 23.1 (LP 2003562)",
	},
];
