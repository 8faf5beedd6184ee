/** What the kernel's bonding driver accepts. https://docs.kernel.org/networking/bonding.html */
import { isEthernetMac, isNicMac } from "./addresses.ts";

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

/** The kernel's own value in the modes in which it turns link monitoring on by itself. Milliseconds. */
export const DEFAULT_MIIMON = 100;

/**
 * Whether the driver turns on the monitoring of links in the mode by itself. In the other modes it does not notice a dead
 * member without it; only they have monitoring by ARP (bond_options.c, `bond_option_mode_set`).
 */
export function isMonitoredMode(mode: unknown): boolean {
	return mode === "802.3ad" || mode === "balance-tlb" || mode === "balance-alb";
}

const ONE_ACTIVE: readonly BondMode[] = ["active-backup", "balance-tlb", "balance-alb"];
const LACP: readonly BondMode[] = ["802.3ad"];
/** The modes of options that the driver refuses in all others (bond_options.c, `unsuppmodes`). */
const MODES_OF = byName<readonly BondMode[]>({
	active_slave: ONE_ACTIVE,
	ad_actor_sys_prio: LACP,
	ad_actor_system: LACP,
	ad_user_port_key: LACP,
	lacp_active: LACP,
	lacp_rate: LACP,
	packets_per_slave: ["balance-rr"],
	primary: ONE_ACTIVE,
	tlb_dynamic_lb: ["balance-tlb", "balance-alb"],
});

/** Whether the driver takes an option in the mode. Monitoring by ARP depends on `isMonitoredMode`. */
export function isOptionOfMode(option: string, mode: string): boolean {
	return MODES_OF.get(option)?.some((known) => known === mode) ?? true;
}

/** By number, as the values of other options below. */
export const LACP_RATES = ["slow", "fast"] as const;
export type LacpRate = (typeof LACP_RATES)[number];
export const BOND_HASH_POLICIES = ["layer2", "layer3+4", "layer2+3", "encap2+3", "encap3+4", "vlan+srcmac"] as const;
export type BondHashPolicy = (typeof BOND_HASH_POLICIES)[number];

/** Every option but the mode, with the driver's own value; undefined if that depends. */
const DEFAULTS = {
	active_slave: undefined,
	ad_actor_sys_prio: "65535",
	ad_actor_system: "00:00:00:00:00:00",
	ad_select: "stable",
	ad_user_port_key: "0",
	all_slaves_active: "0",
	arp_all_targets: "any",
	arp_interval: "0",
	arp_ip_target: undefined,
	arp_missed_max: "2",
	arp_validate: "none",
	downdelay: "0",
	fail_over_mac: "none",
	lacp_active: "on",
	lacp_rate: "slow",
	lp_interval: "1",
	miimon: undefined,
	min_links: "0",
	ns_ip6_target: undefined,
	num_grat_arp: "1",
	num_unsol_na: "1",
	packets_per_slave: "1",
	peer_notif_delay: "0",
	primary: undefined,
	primary_reselect: "always",
	resend_igmp: "1",
	tlb_dynamic_lb: "1",
	updelay: "0",
	use_carrier: "1",
	xmit_hash_policy: "layer2",
} as const;
export type BondOption = keyof typeof DEFAULTS;
export const BOND_OPTIONS = Object.keys(DEFAULTS) as readonly BondOption[];
/** What an option is if nothing is said of it; undefined if that depends. */
export const BOND_DEFAULTS: Readonly<Record<BondOption, string | undefined>> = DEFAULTS;

const plainName = (name: string) =>
	name
		.toLowerCase()
		.replace(/^bond[_-]?/, "")
		.replaceAll(/[_-]/g, "");
const OPTION_NAMES = new Map<string, string>(BOND_OPTIONS.map((name) => [plainName(name), name]));

/** The driver's name of an option that is written with or without `bond_`, with dashes or underscores. */
export function bondOptionName(key: string): string {
	return OPTION_NAMES.get(plainName(key)) ?? key.replace(/^bond[_-]/, "").replaceAll("-", "_");
}

/** The driver also takes these values' numbers; netplan and systemd-networkd do not. */
const VALUES = byName<readonly string[]>({
	ad_select: ["stable", "bandwidth", "count"],
	arp_all_targets: ["any", "all"],
	arp_validate: ["none", "active", "backup", "all", "filter", "filter_active", "filter_backup"],
	fail_over_mac: ["none", "active", "follow"],
	lacp_active: ["off", "on"],
	lacp_rate: LACP_RATES,
	primary_reselect: ["always", "better", "failure"],
	xmit_hash_policy: BOND_HASH_POLICIES,
});
/** Of these, numbers are the usual form. */
const SWITCHES: readonly string[] = ["all_slaves_active", "tlb_dynamic_lb", "use_carrier"];
const SWITCH_VALUES = byName({ 0: "0", 1: "1", off: "0", on: "1" });
const MOST = 2 ** 31 - 1;
/** The least and the largest number. */
const NUMBERS = byName<readonly [least: number, most: number]>({
	...Object.fromEntries(
		["arp_interval", "downdelay", "miimon", "min_links", "updelay"].map((name) => [name, [0, MOST]]),
	),
	ad_actor_sys_prio: [1, 65_535],
	ad_user_port_key: [0, 1023],
	arp_missed_max: [1, 255],
	lp_interval: [1, MOST],
	num_grat_arp: [0, 255],
	num_unsol_na: [0, 255],
	packets_per_slave: [0, 65_535],
	peer_notif_delay: [0, 300_000],
	resend_igmp: [0, 255],
});

/** Properties have any name, also one of an object's own members. */
function byName<V>(values: Readonly<Record<string, V>>): ReadonlyMap<string, V> {
	return new Map(Object.entries(values));
}

/**
 * The driver takes any MAC address of six bytes with colons but those of groups; zeros are its default (bond_options.c,
 * `bond_option_ad_actor_system_set`).
 */
function isActor(text: string): boolean {
	return isEthernetMac(text) && (isNicMac(text) || /^[0:]+$/.test(text));
}

/** A value by its name, or a switch as 1 or 0; undefined if the driver does not have it. Other options are free text. */
export function bondOptionValue(name: string, text: string): string | undefined {
	const values = VALUES.get(name);
	if (values !== undefined)
		return values.includes(text) ? text : values[/^\d$/.test(text) ? Number(text) : values.length];
	if (SWITCHES.includes(name)) return SWITCH_VALUES.get(text);
	if (name === "ad_actor_system") return isActor(text) ? text.toLowerCase() : undefined;
	const range = NUMBERS.get(name);
	if (range === undefined) return text;
	const [least, most] = range;
	return /^\d{1,10}$/.test(text) && Number(text) >= least && Number(text) <= most ? text : undefined;
}
