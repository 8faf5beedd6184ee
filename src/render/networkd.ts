import type { PlannedBond, PlannedInterface, PlannedVlan, Warning } from "./plan.ts";
import type { RenderedFile, Renderer } from "./renderer.ts";
import { cidr, destination, type IniEntry, type IniSection, ini } from "./text.ts";

/**
 * `.network` and `.netdev` files, see systemd.network(5) and systemd.netdev(5). No `.link` file: one that matches a NIC
 * would take the place of the distribution's, and with it the NIC's name; the MTU stands in the `.network` file.
 */
export const networkd: Renderer = (plan) => {
	const vlans = Map.groupBy(
		plan.interfaces.filter((one) => one.kind === "vlan"),
		({ parent }) => parent,
	);
	const warnings: Warning[] = [];
	const files = plan.interfaces.flatMap((one) => [
		...(one.kind === "physical" ? [] : [file(one, "netdev", netdev(one, warnings))]),
		file(one, "network", network(one, vlans.get(one.name) ?? [])),
	]);
	return { files, warnings };
};

function file(one: PlannedInterface, suffix: string, sections: readonly IniSection[]): RenderedFile {
	// Read by the user systemd-network.
	return { path: `etc/systemd/network/10-guestwire-${one.name}.${suffix}`, mode: 0o644, text: ini(sections) };
}

function netdev(one: PlannedBond | PlannedVlan, warnings: Warning[]): IniSection[] {
	const sections: IniSection[] = [
		[
			"NetDev",
			[
				["Name", one.name],
				["Kind", one.kind],
				["MACAddress", one.macAddress],
			],
		],
	];
	if (one.kind === "vlan") sections.push(["VLAN", [["Id", one.vlanId]]]);
	else sections.push(["Bond", bondEntries(one, warnings)]);
	return sections;
}

function bondEntries({ options, place }: PlannedBond, warnings: Warning[]): IniEntry[] {
	const { mode, miimon, updelay, downdelay, lacpRate, hashPolicy } = options;
	const entries: IniEntry[] = [["Mode", mode]];
	if (miimon !== undefined) entries.push(["MIIMonitorSec", `${miimon}ms`]);
	if (updelay !== undefined) entries.push(["UpDelaySec", `${updelay}ms`]);
	if (downdelay !== undefined) entries.push(["DownDelaySec", `${downdelay}ms`]);
	if (lacpRate !== undefined) entries.push(["LACPTransmitRate", lacpRate]);
	if (hashPolicy === "vlan+srcmac") {
		warnings.push({ place: `${place}/bond_xmit_hash_policy`, reason: "networkd has no vlan+srcmac: left out" });
	} else if (hashPolicy !== undefined) entries.push(["TransmitHashPolicy", hashPolicy]);
	return entries;
}

function network(one: PlannedInterface, vlans: readonly PlannedVlan[]): IniSection[] {
	return [
		// A bond gives its members its own address, and a VLAN may have its parent's: only the permanent one is the NIC's.
		["Match", [one.kind === "physical" ? ["PermanentMACAddress", one.macAddress] : ["Name", one.name]]],
		["Link", one.mtu === undefined ? [] : [["MTUBytes", one.mtu]]],
		["Network", networkEntries(one, vlans)],
		["DHCPv4", one.dhcp4 && one.mtu === undefined ? [["UseMTU", "yes"]] : []],
		...one.routes.map((route): IniSection => {
			const entries: IniEntry[] = [
				["Destination", destination(route)],
				["Gateway", route.gateway],
			];
			if (route.onLink) entries.push(["GatewayOnLink", "yes"]);
			if (route.metric !== undefined) entries.push(["Metric", route.metric]);
			return ["Route", entries];
		}),
	];
}

function networkEntries(one: PlannedInterface, vlans: readonly PlannedVlan[]): IniEntry[] {
	const tagged = vlans.map(({ name }): IniEntry => ["VLAN", name]);
	if (one.kind === "physical" && one.bond !== undefined) {
		return [["Bond", one.bond], ...tagged, ["LinkLocalAddressing", "no"]];
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
