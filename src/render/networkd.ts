import type { Remark } from "../documents/reading.ts";
import type { BondOption } from "../instance/bonding.ts";
import { optionsFor } from "./lacking-options.ts";
import { type PlannedBond, type PlannedInterface, type PlannedVlan, primaryNames } from "./plan.ts";
import type { RenderedFile, Renderer } from "./renderer.ts";
import { cidr, destination, type IniEntry, type IniSection, ini, optional } from "./text.ts";

/**
 * `.network` and `.netdev` files, see systemd.network(5) and systemd.netdev(5). No `.link` file: only the first one that
 * matches a NIC applies, so it would disable the distribution's naming. The MTU is in the `.network` file.
 */
export const networkd: Renderer = (plan) => {
	const vlans = Map.groupBy(
		plan.interfaces.filter((one) => one.kind === "vlan"),
		({ parent }) => parent,
	);
	const remarks: Remark[] = [];
	const primaries = primaryNames(plan.interfaces);
	const files = plan.interfaces.flatMap((one) => [
		...(one.kind === "physical" ? [] : [file(one, "netdev", netdev(one, remarks))]),
		file(one, "network", network(one, vlans.get(one.name) ?? [], primaries.has(one.name))),
	]);
	return { files, remarks };
};

function file(one: PlannedInterface, suffix: string, sections: readonly IniSection[]): RenderedFile {
	// The user systemd-network must be able to read it.
	return { path: `etc/systemd/network/10-guestwire-${one.name}.${suffix}`, mode: 0o644, text: ini(sections) };
}

function netdev(one: PlannedBond | PlannedVlan, remarks: Remark[]): IniSection[] {
	const sections: IniSection[] = [
		["NetDev", [["Name", one.name], ["Kind", one.kind], ...optional("MACAddress", one.macAddress)]],
	];
	if (one.kind === "vlan") sections.push(["VLAN", [["Id", one.vlanId]]]);
	else sections.push(["Bond", bondEntries(one, remarks)]);
	return sections;
}

/** systemd 252 has them. It also has LearnPacketIntervalSec, of which the driver learns nothing. */
const BOND_KEYS: Readonly<Partial<Record<BondOption, string>>> = {
	ad_actor_sys_prio: "AdActorSystemPriority",
	ad_actor_system: "AdActorSystem",
	ad_select: "AdSelect",
	ad_user_port_key: "AdUserPortKey",
	all_slaves_active: "AllSlavesActive",
	arp_all_targets: "ARPAllTargets",
	arp_validate: "ARPValidate",
	fail_over_mac: "FailOverMACPolicy",
	min_links: "MinLinks",
	num_grat_arp: "GratuitousARP",
	packets_per_slave: "PacketsPerSlave",
	primary_reselect: "PrimaryReselectPolicy",
	resend_igmp: "ResendIGMP",
	tlb_dynamic_lb: "DynamicTransmitLoadBalancing",
	xmit_hash_policy: "TransmitHashPolicy",
};

/** Whether networkd has an option with this value. */
export function isOfNetworkd(option: BondOption, value: string): boolean {
	return BOND_KEYS[option] !== undefined && value !== "vlan+srcmac" && !value.startsWith("filter");
}

function bondEntries(bond: PlannedBond, remarks: Remark[]): IniEntry[] {
	const { mode, miimon, arp, updelay, downdelay, lacpRate, hashPolicy, further } = optionsFor(
		bond,
		"networkd",
		isOfNetworkd,
		remarks,
	);
	const entries: IniEntry[] = [["Mode", mode]];
	if (miimon !== undefined) entries.push(["MIIMonitorSec", `${miimon}ms`]);
	if (arp) entries.push(["ARPIntervalSec", `${arp.interval}ms`], ["ARPIPTargets", arp.targets.join(" ")]);
	if (updelay !== undefined) entries.push(["UpDelaySec", `${updelay}ms`]);
	if (downdelay !== undefined) entries.push(["DownDelaySec", `${downdelay}ms`]);
	if (lacpRate !== undefined) entries.push(["LACPTransmitRate", lacpRate]);
	if (hashPolicy !== undefined) entries.push(["TransmitHashPolicy", hashPolicy]);
	for (const [option, value] of Object.entries(further))
		entries.push([BOND_KEYS[option as BondOption] ?? option, value]);
	return entries;
}

function network(one: PlannedInterface, vlans: readonly PlannedVlan[], isPrimary: boolean): IniSection[] {
	return [
		["Match", [matchOf(one)]],
		["Link", one.mtu === undefined ? [] : [["MTUBytes", one.mtu]]],
		["Network", networkEntries(one, vlans, isPrimary)],
		[
			"DHCPv4",
			[
				...(one.dhcp4 && one.mtu === undefined ? ([["UseMTU", "yes"]] as const) : []),
				...optional("RouteMetric", one.learnedMetrics?.ipv4),
			],
		],
		["IPv6AcceptRA", optional("RouteMetric", one.learnedMetrics?.ipv6)],
		...one.routes.map((route): IniSection => {
			const entries: IniEntry[] = [["Destination", destination(route)], ...optional("Gateway", route.gateway)];
			if (route.onLink) entries.push(["GatewayOnLink", "yes"]);
			if (route.metric !== undefined) entries.push(["Metric", route.metric]);
			return ["Route", entries];
		}),
	];
}

/** A bond gives its address to its members, and a VLAN may have its parent's. Only the permanent address is unique. */
function matchOf(one: PlannedInterface): IniEntry {
	if (one.kind !== "physical" || one.macAddress === undefined) return ["Name", one.name];
	return ["PermanentMACAddress", one.macAddress];
}

function networkEntries(one: PlannedInterface, vlans: readonly PlannedVlan[], isPrimary: boolean): IniEntry[] {
	const tagged = vlans.map(({ name }): IniEntry => ["VLAN", name]);
	if (one.kind === "physical" && one.bond !== undefined) {
		const primary: IniEntry[] = isPrimary ? [["PrimarySlave", "yes"]] : [];
		return [["Bond", one.bond], ...primary, ...tagged, ["LinkLocalAddressing", "no"]];
	}
	const dhcp6 = one.dhcp6 !== undefined;
	const dhcp = one.dhcp4 ? (dhcp6 ? "yes" : "ipv4") : dhcp6 ? "ipv6" : "no";
	return [
		...tagged,
		["DHCP", dhcp],
		["LinkLocalAddressing", "ipv6"],
		["IPv6AcceptRA", one.routerAdvertisements ? "yes" : "no"],
		...one.addresses.map((address): IniEntry => ["Address", cidr(address)]),
		...one.dns.map((server): IniEntry => ["DNS", server]),
		...(one.search.length > 0 ? ([["Domains", one.search.join(" ")]] as const) : []),
	];
}
