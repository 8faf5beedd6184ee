/**
 * Members that other makers' documents have, each in a sound document of its own: the walk changes that member alone, so that
 * nothing else in the document hides what becomes of it.
 */
import {
	automatic,
	bond,
	bonded,
	defaultRoute,
	dns,
	document,
	hostRoute,
	ipv4,
	MAC,
	nic,
	nic2,
	without,
} from "./documents.ts";

type Part = Record<string, unknown>;

export interface OtherDocument {
	readonly title: string;
	readonly document: Part;
	/** The members that are changed. */
	readonly paths: readonly (readonly string[])[];
}

/** Bonds' options with a value of each. The others are in the walk's own document with a bond. */
const OPTIONS: Readonly<Record<string, unknown>> = {
	bond_primary_reselect: "better",
	bond_all_slaves_active: "1",
	bond_min_links: 1,
	bond_updelay: "200",
	bond_downdelay: 200,
	bond_fail_over_mac: "active",
	bond_num_grat_arp: 2,
	bond_num_unsol_na: 2,
	bond_peer_notif_delay: 200,
	bond_resend_igmp: "2",
	bond_use_carrier: "1",
	bond_arp_interval: 100,
	bond_arp_missed_max: 3,
	bond_xmit_hash_policy: "layer2+3",
};
const OPTIONS_OF_MODES: Readonly<Record<string, Part>> = {
	"balance-rr": { bond_packets_per_slave: 2 },
	"balance-tlb": { bond_tlb_dynamic_lb: "0", bond_lp_interval: 2 },
	"802.3ad": {
		bond_ad_select: "bandwidth",
		bond_ad_actor_sys_prio: 100,
		bond_ad_actor_system: MAC,
		bond_ad_user_port_key: 7,
		bond_lacp_active: "on",
	},
};

const option = (name: string, value: unknown, mode = "active-backup"): OtherDocument => ({
	title: `option ${name}`,
	document: bonded({ bond_mode: mode, [name]: value }),
	paths: [["links", "2", name]],
});

const ARP = { bond_miimon: 0, bond_arp_interval: 100, bond_arp_ip_target: "10.0.0.1" };
/** NICs with names, which options may refer to. */
const named = (change: Part) => ({
	...bonded(),
	links: [nic({ name: "lan0" }), nic2({ name: "lan1" }), bond(change)],
});
const oneNetwork = (change: Part) => document({ networks: [ipv4(change)], services: [] });
const destination = without(hostRoute({ destination: "192.168.0.0" }), "network");
const served = defaultRoute("10.0.0.1", { services: [dns()] });

export const OTHER_DOCUMENTS: readonly OtherDocument[] = [
	{ title: "named bond", document: bonded({ name: "lacp0" }), paths: [["links", "2", "name"]] },
	{ title: "primary", document: named({ bond_primary: "lan0" }), paths: [["links", "2", "bond_primary"]] },
	// Which names unnamed NICs have is not in the document; the judge calls them eth0 and eth1.
	{ title: "primary without names", document: bonded({ bond_primary: "eth0" }), paths: [] },
	{ title: "active", document: named({ bond_active_slave: "lan1" }), paths: [["links", "2", "bond_active_slave"]] },
	...Object.entries(OPTIONS).map(([name, value]) => option(name, value)),
	...Object.entries(OPTIONS_OF_MODES).flatMap(([mode, options]) =>
		Object.entries(options).map(([name, value]) => option(name, value, mode)),
	),
	{
		title: "arp",
		document: bonded({ ...ARP, bond_arp_validate: "active", bond_arp_all_targets: "all" }),
		paths: ["bond_arp_interval", "bond_arp_ip_target", "bond_arp_validate", "bond_arp_all_targets"].map((name) => [
			"links",
			"2",
			name,
		]),
	},
	{ title: "unknown option", document: bonded({ bond_speed: 10 }), paths: [] },
	...[
		ipv4({ gateway: "10.0.0.1", metric: 100 }),
		ipv4({ routes: [hostRoute()], metric: 100 }),
		automatic("ipv4_dhcp", { metric: 100 }),
		automatic("ipv6_slaac", { metric: 100 }),
		automatic("ipv6_dhcpv6-stateful", { metric: 100 }),
	].map((network) => ({
		title: `metric of ${network["gateway"] === undefined ? "" : "a gateway, "}${network["type"]}`,
		document: document({ networks: [network] }),
		paths: [["networks", "0", "metric"]],
	})),
	{
		title: "destination",
		document: oneNetwork({ routes: [destination], dns_nameservers: ["10.0.0.53"] }),
		paths: ["destination", "netmask", "gateway"].map((name) => ["networks", "0", "routes", "0", name]),
	},
	{
		title: "destination and network",
		document: oneNetwork({ routes: [{ ...destination, network: "192.168.0.0" }], dns_nameservers: ["10.0.0.53"] }),
		paths: ["destination", "network"].map((name) => ["networks", "0", "routes", "0", name]),
	},
	{
		title: "destination by DHCP",
		document: document({ networks: [automatic("ipv4_dhcp", { routes: [destination] })] }),
		paths: ["destination", "netmask"].map((name) => ["networks", "0", "routes", "0", name]),
	},
	{
		title: "servers of a route",
		document: oneNetwork({ routes: [served] }),
		paths: [[], ["0"], ["0", "type"], ["0", "address"]].map((path) => [
			"networks",
			"0",
			"routes",
			"0",
			"services",
			...path,
		]),
	},
	{
		title: "servers of a route by DHCP",
		document: document({ networks: [automatic("ipv4_dhcp", { routes: [served] })] }),
		paths: [["networks", "0", "routes", "0", "services", "0", "address"]],
	},
];
