/** Documents for the rules about bonds' options. */
import type { Case } from "./cases.ts";
import { bond, bonded, defaultRoute, document, hostRoute, ipv4, nic, nic2 } from "./documents.ts";

const at = (option: string) => `/links/2/${option}`;
/** Two NICs with names in a bond. */
const named = (change: Record<string, unknown>) => ({
	...bonded(),
	links: [nic({ name: "lan0" }), nic2({ name: "lan1" }), bond(change)],
});

export const bondOptionCases: readonly Case[] = [
	{
		rule: "bond-option-unknown",
		at: at("bond_min_link"),
		bad: bonded({ bond_min_link: 1 }),
		good: bonded({ bond_min_links: 1 }),
	},
	{
		rule: "bond-option-unknown",
		at: at("bond_arp_missed_max"),
		bad: bonded({ bond_arp_missed_max: 3 }),
		good: bonded({ bond_num_grat_arp: 3 }),
	},
	{
		rule: "bond-option-invalid",
		at: at("bond_min_links"),
		bad: bonded({ bond_min_links: "one" }),
		good: bonded({ bond_min_links: "1" }),
	},
	{
		rule: "bond-option-invalid",
		at: at("bond_primary_reselect"),
		bad: bonded({ bond_primary_reselect: "sometimes" }),
		good: bonded({ bond_primary_reselect: "failure" }),
	},
	{
		rule: "bond-option-form",
		at: at("bond_all_slaves_active"),
		bad: bonded({ bond_all_slaves_active: "1" }),
		good: bonded(),
	},
	{
		rule: "bond-option-form",
		at: at("bond_fail_over_mac"),
		bad: bonded({ bond_fail_over_mac: 1 }),
		good: bonded({ bond_fail_over_mac: "active" }),
	},
	{
		rule: "bond-option-unread",
		at: at("bond_min_links"),
		bad: bonded({ bond_min_links: 1 }),
		good: bonded({ bond_min_links: 0 }),
	},
	{
		rule: "bond-primary-unknown",
		at: at("bond_primary"),
		bad: named({ bond_primary: "eth0" }),
		good: named({ bond_primary: "lan0" }),
	},
	{
		rule: "bond-primary-unknown",
		at: at("bond_primary"),
		bad: bonded({ bond_primary: "tap0" }),
		good: bonded({ bond_primary: "eth0" }),
	},
	{
		rule: "bond-monitoring-twice",
		at: at("bond_arp_interval"),
		bad: bonded({ bond_arp_interval: 100 }),
		good: bonded({ bond_arp_interval: 100, bond_arp_ip_target: "10.0.0.1", bond_miimon: 0 }),
	},
	{
		rule: "bond-name-invalid",
		at: at("name"),
		bad: bonded({ name: 7 }),
		good: bonded({ name: "lacp0" }),
	},
	{
		rule: "network-metric-invalid",
		at: "/networks/0/metric",
		bad: document({ networks: [ipv4({ gateway: "10.0.0.1", metric: "low" })] }),
		good: document({ networks: [ipv4({ gateway: "10.0.0.1", metric: 100 })] }),
	},
	{
		rule: "route-destination-other",
		at: "/networks/0/routes/1/destination",
		bad: document({ networks: [ipv4({ routes: [defaultRoute(), hostRoute({ destination: "192.169.0.0" })] })] }),
		good: document({ networks: [ipv4({ routes: [defaultRoute(), hostRoute({ destination: "192.168.0.0" })] })] }),
	},
];
