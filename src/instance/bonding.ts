/** What the kernel's bonding driver accepts. https://docs.kernel.org/networking/bonding.html */

/** The driver's modes, by number. */
export const BOND_MODES = [
	"balance-rr",
	"active-backup",
	"balance-xor",
	"broadcast",
	"802.3ad",
	"balance-tlb",
	"balance-alb",
] as const;
export type BondMode = (typeof BOND_MODES)[number];

/** The name of a mode, given by name or number; undefined if the driver does not have it. */
export function bondModeOf(text: string): BondMode | undefined {
	return BOND_MODES.find((mode, number) => text === mode || text === String(number));
}

/**
 * Whether the driver turns on the monitoring of links in the mode by itself. In the other modes it does not notice a dead
 * member without it; only they have monitoring by ARP (bond_options.c, `bond_option_mode_set`).
 */
export function isMonitoredMode(mode: unknown): boolean {
	return mode === "802.3ad" || mode === "balance-tlb" || mode === "balance-alb";
}

/** By number, as the values of other options below. */
export const LACP_RATES = ["slow", "fast"] as const;
export type LacpRate = (typeof LACP_RATES)[number];
export const BOND_HASH_POLICIES = ["layer2", "layer3+4", "layer2+3", "encap2+3", "encap3+4", "vlan+srcmac"] as const;
export type BondHashPolicy = (typeof BOND_HASH_POLICIES)[number];

export const BOND_OPTIONS = [
	...["active_slave", "ad_actor_sys_prio", "ad_actor_system", "ad_select", "ad_user_port_key", "all_slaves_active"],
	...["arp_all_targets", "arp_interval", "arp_ip_target", "arp_missed_max", "arp_validate", "downdelay"],
	...["fail_over_mac", "lacp_active", "lacp_rate", "lp_interval", "miimon", "min_links", "ns_ip6_target"],
	...["num_grat_arp", "num_unsol_na", "packets_per_slave", "peer_notif_delay", "primary", "primary_reselect"],
	...["resend_igmp", "tlb_dynamic_lb", "updelay", "use_carrier", "xmit_hash_policy"],
];
const plainName = (name: string) =>
	name
		.toLowerCase()
		.replace(/^bond[_-]?/, "")
		.replaceAll(/[_-]/g, "");
const OPTION_NAMES = new Map(BOND_OPTIONS.map((name) => [plainName(name), name]));

/** The driver's name of an option that is written with or without `bond_`, with dashes or underscores. */
export function bondOptionName(key: string): string {
	return OPTION_NAMES.get(plainName(key)) ?? key.replace(/^bond[_-]/, "").replaceAll("-", "_");
}

/** The driver also takes these values' numbers; netplan and systemd-networkd do not. */
const VALUES: Readonly<Record<string, readonly string[]>> = {
	ad_select: ["stable", "bandwidth", "count"],
	arp_all_targets: ["any", "all"],
	arp_validate: ["none", "active", "backup", "all", "filter", "filter_active", "filter_backup"],
	fail_over_mac: ["none", "active", "follow"],
	lacp_active: ["off", "on"],
	lacp_rate: LACP_RATES,
	primary_reselect: ["always", "better", "failure"],
	xmit_hash_policy: BOND_HASH_POLICIES,
};
const NUMBERS: ReadonlySet<string> = new Set([
	...["ad_actor_sys_prio", "ad_user_port_key", "all_slaves_active", "arp_interval", "arp_missed_max", "downdelay"],
	...["lp_interval", "miimon", "min_links", "num_grat_arp", "num_unsol_na", "packets_per_slave", "peer_notif_delay"],
	...["resend_igmp", "tlb_dynamic_lb", "updelay", "use_carrier"],
]);

/** An option's value by its name; undefined if the driver does not have it. Other options' values are free text. */
export function bondOptionValue(name: string, text: string): string | undefined {
	const values = VALUES[name];
	if (values !== undefined)
		return values.includes(text) ? text : values[/^\d$/.test(text) ? Number(text) : values.length];
	return NUMBERS.has(name) && !/^\d+$/.test(text) ? undefined : text;
}
