import { Fraction } from "./step.ts";

/** Values of bonds' options that are wrong, or unusual: the driver has numbers for many names, and texts for all numbers. */
const SWITCH = ["0", "1", 2, "on", "off", "true", ["1"]];
const milliseconds = [200, "200", "200ms", "0", [200], new Fraction(200)];

export const BOND_VALUES: Readonly<Record<string, readonly unknown[]>> = {
	bond_mode: ["802.1ad", "4", 4, 9, new Fraction(4), "802.3AD", "active-backup", ["active-backup"]],
	bond_xmit_hash_policy: ["layer3+4", "vlan+srcmac", "layer4", ["layer2"]],
	bond_miimon: ["100", 0, "100ms", 100.5, [100], new Fraction(100)],
	bond_lacp_rate: ["fast", 1, "quick", ["fast"], new Fraction(1)],
	bond_links: [["tap0"], ["tap0", "tap0"], ["tap0", "tap9"], "tap0", ["bond0"], "tap0,tap1"],
	bond_primary: ["lan1", "lan2", "tap0", "eth0", "eth9", ["lan0"]],
	bond_active_slave: ["lan0", "lan2", "tap0", ["lan0"]],
	bond_primary_reselect: ["always", "failure", 1, 2, "1", "3", ["better"]],
	bond_all_slaves_active: [...SWITCH, "dropped", "delivered"],
	bond_min_links: [1, "1", "0x1", [1], new Fraction(1)],
	bond_updelay: milliseconds,
	bond_downdelay: milliseconds,
	bond_peer_notif_delay: milliseconds,
	bond_fail_over_mac: ["none", "follow", 1, "1", "3", ["active"], new Fraction(1)],
	bond_num_grat_arp: [1, "1", 255, 256, [1], new Fraction(2)],
	bond_num_unsol_na: [1, "1", 255, 256, [1]],
	bond_resend_igmp: [1, "1", 255, 256, [1]],
	bond_use_carrier: SWITCH,
	bond_tlb_dynamic_lb: SWITCH,
	bond_lacp_active: SWITCH,
	bond_lp_interval: [1, "1", [1]],
	bond_packets_per_slave: [1, "1", 65535, 65536, [1], new Fraction(2)],
	bond_ad_select: ["stable", "count", 1, "2", "4", ["count"]],
	bond_ad_actor_sys_prio: [1, "1", 65535, 65536, [1]],
	bond_ad_actor_system: ["52:54:00:00:01", "00:00:00:00:00:00", "01:00:5e:00:00:01"],
	bond_ad_user_port_key: [1, "1", 1023, 1024, [1]],
	bond_arp_interval: [200, "200", "200ms", [200], new Fraction(200)],
	bond_arp_ip_target: [
		...["10.0.0.1,10.0.0.2", "10.0.0.1 10.0.0.2", "2001:db8::1", "router"],
		...[["10.0.0.1"], ["10.0.0.1", "10.0.0.2"]],
	],
	bond_arp_validate: ["none", "all", "filter", 3, "3", "9", ["all"]],
	bond_arp_all_targets: ["any", 1, "1", "2", ["any"]],
	bond_arp_missed_max: [1, "1", 255, 256, [1]],
};
