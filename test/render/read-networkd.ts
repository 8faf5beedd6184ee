import {
	bondMeaning,
	canonicalCidr,
	canonicalIp,
	type Files,
	type Meaning,
	type Meanings,
	meaningOf,
	moreOptions,
	readIni,
	route,
	type Section,
	values,
} from "./meaning.ts";

/** `.network` and `.netdev` files; the interfaces' names come from the files' names: `10-netplan-eth0.network`. */
export function readNetworkd(files: Files): Meanings {
	const meanings: Meanings = new Map();
	const parents = new Map<string, string>();
	const primaries = new Map<string, string>();
	for (const [path, text] of files) {
		const [, name = "", suffix] = /10-(?:guestwire|netplan|cloud-init)-(.*)\.(network|netdev)$/.exec(path) ?? [];
		if (suffix === undefined) continue;
		const sections = readIni(text);
		const meaning = meaningOf(meanings, name);
		if (suffix === "netdev") readNetdev(sections, meaning);
		else readNetwork(sections, meaning);
		for (const vlan of values(sections, "Network", "VLAN")) parents.set(vlan, name);
		if (isYes(values(sections, "Network", "PrimarySlave")[0])) primaries.set(meaning.memberOf ?? "", name);
	}
	for (const [name, { vlan }] of meanings) if (vlan) vlan.parent = parents.get(name) ?? "";
	for (const [bond, primary] of primaries) {
		const meaning = meaningOf(meanings, bond);
		meaning.bond = { ...meaning.bond, more: { ...meaning.bond?.more, primary } };
	}
	return meanings;
}

const OPTIONS = {
	AdActorSystem: "ad_actor_system",
	AdActorSystemPriority: "ad_actor_sys_prio",
	AdSelect: "ad_select",
	AdUserPortKey: "ad_user_port_key",
	AllSlavesActive: "all_slaves_active",
	ARPAllTargets: "arp_all_targets",
	ARPValidate: "arp_validate",
	DynamicTransmitLoadBalancing: "tlb_dynamic_lb",
	FailOverMACPolicy: "fail_over_mac",
	GratuitousARP: "num_grat_arp",
	LearnPacketIntervalSec: "lp_interval",
	MinLinks: "min_links",
	PacketsPerSlave: "packets_per_slave",
	PrimaryReselectPolicy: "primary_reselect",
	ResendIGMP: "resend_igmp",
};

function readNetdev(sections: readonly Section[], meaning: Meaning): void {
	const one = (section: string, key: string) => values(sections, section, key)[0];
	const kind = one("NetDev", "Kind");
	const mac = one("NetDev", "MACAddress");
	if (mac !== undefined) meaning.mac = mac.toLowerCase();
	if (kind === "vlan") meaning.vlan = { id: Number(one("VLAN", "Id")), parent: "" };
	if (kind !== "bond") return;
	const known = bondMeaning({
		mode: one("Bond", "Mode"),
		miimon: one("Bond", "MIIMonitorSec"),
		arpInterval: one("Bond", "ARPIntervalSec"),
		arpTargets: one("Bond", "ARPIPTargets")?.replaceAll(" ", ","),
		updelay: one("Bond", "UpDelaySec"),
		downdelay: one("Bond", "DownDelaySec"),
		lacpRate: one("Bond", "LACPTransmitRate"),
		hashPolicy: one("Bond", "TransmitHashPolicy"),
	});
	const entries = sections.flatMap(([name, options]) => (name === "Bond" ? options : []));
	const spelled = entries.map(([key, value]) => [key, key === "AllSlavesActive" ? isYes(value) : value] as const);
	meaning.bond = { ...known, ...moreOptions(OPTIONS, spelled) };
}

const isYes = (text: string | undefined) => ["yes", "true", "1", "on"].includes((text ?? "").toLowerCase());

function readNetwork(sections: readonly Section[], meaning: Meaning): void {
	const network = (key: string) => values(sections, "Network", key);
	const words = (key: string) => network(key).flatMap((value) => value.split(/\s+/));
	const mac = [...values(sections, "Match", "PermanentMACAddress"), ...values(sections, "Match", "MACAddress")][0];
	if (mac !== undefined) meaning.mac = mac.toLowerCase();
	const mtu = values(sections, "Link", "MTUBytes")[0];
	if (mtu !== undefined) meaning.mtu = Number(mtu);
	const dhcp = network("DHCP")[0] ?? "no";
	meaning.dhcp4 = dhcp === "ipv4" || isYes(dhcp);
	meaning.dhcp6 = dhcp === "ipv6" || isYes(dhcp);
	const metricOf = (section: string) => values(sections, section, "RouteMetric").map(Number)[0];
	// netplan writes [DHCP], which is both.
	const both = metricOf("DHCP");
	const [ipv4, ipv6] = [metricOf("DHCPv4") ?? both, metricOf("IPv6AcceptRA") ?? both];
	const ra = network("IPv6AcceptRA")[0];
	if (ra !== undefined) meaning.ra = isYes(ra);
	if (ipv4 !== undefined && meaning.dhcp4) meaning.learned.ipv4 = ipv4;
	if (ipv6 !== undefined && meaning.ra) meaning.learned.ipv6 = ipv6;
	const bond = network("Bond")[0];
	if (bond !== undefined) meaning.memberOf = bond;
	const addresses = [...network("Address"), ...values(sections, "Address", "Address")];
	meaning.addresses = new Set(addresses.map((address) => canonicalCidr(address)));
	meaning.dns = new Set(words("DNS").map(canonicalIp));
	meaning.search = new Set(words("Domains"));
	meaning.routes = sections
		.filter(([name]) => name === "Route")
		.map((section) => {
			const one = (key: string) => values([section], "Route", key)[0];
			const metric = one("Metric");
			return route(one("Destination") ?? "default", one("Gateway"), {
				onLink: isYes(one("GatewayOnLink")),
				...(metric !== undefined && { metric: Number(metric) }),
			});
		});
}
