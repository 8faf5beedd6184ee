import type { Remark } from "../documents/reading.ts";
import { isLinkLocal } from "../instance/addresses.ts";
import { DHCP } from "./iproute2-dhcp.ts";
import { SETUP, START, UNDO } from "./iproute2-shell.ts";
import { STACKED } from "./iproute2-stacked.ts";
import { learnsRoutes, type Plan, type PlannedBond, type PlannedInterface, type PlannedRoute } from "./plan.ts";
import type { Renderer } from "./renderer.ts";
import { bondOptions } from "./text.ts";

/**
 * A shell script that sets up the network by itself, for guests without an agent. It needs `ip` from iproute2 or busybox,
 * finds NICs by MAC address, whatever their names are, and reverts its changes with `--undo`.
 *
 * Nothing in it needs quoting: the addresses, names and domains of a plan have no characters that are special to a shell.
 */
export const iproute2: Renderer = (plan) => ({
	files: [{ path: "etc/guestwire/apply.sh", mode: 0o755, text: script(plan) }],
	remarks: remarks(plan),
});

function script(plan: Plan): string {
	const { interfaces } = plan;
	const stacked = interfaces.some((one) => one.kind !== "physical");
	const dhcp = interfaces.some((one) => dhcpCalls(one, plan).length > 0);
	const macs = interfaces.flatMap((one) => (one.kind === "physical" && one.macAddress) || []);
	return [
		SETUP,
		stacked ? STACKED : "",
		dhcp ? DHCP : "",
		UNDO,
		START,
		`\nresolv_conf='${resolvConf(plan)}'\n`,
		macs.length > 0 ? `wait_for ${macs.join(" ")}\n` : "",
		...interfaces.map((one) => interfaceBlock(one, plan)),
		'\n[ -z "$resolv_conf" ] || set_resolv_conf\nfor dev in $ipv6_nics; do settle global; done\n[ "$status" = 0 ]\n',
	].join("");
}

/** resolv.conf has one list of servers for all interfaces. */
function resolvConf({ interfaces }: Plan): string {
	const servers = new Set(interfaces.flatMap(({ dns }) => dns));
	const domains = new Set(interfaces.flatMap(({ search }) => search));
	return [
		...[...servers].map((server) => `nameserver ${server}`),
		...(domains.size > 0 ? [`search ${[...domains].join(" ")}`] : []),
	].join("\n");
}

function interfaceBlock(one: PlannedInterface, plan: Plan): string {
	const { interfaces } = plan;
	const isMember = one.kind === "physical" && one.bond !== undefined;
	const isNamed = isMember || interfaces.some((other) => other.kind === "vlan" && other.parent === one.name);
	const lines = [
		...(isNamed ? [`${variable(one.name, plan)}=$dev`] : []),
		...(one.kind === "bond" ? bondCalls(one, plan) : []),
		...(isMember ? [] : addressingCalls(one)),
		...dhcpCalls(one, plan),
	];
	return `\n# ${one.pointer}\nif ${condition(one, plan)}; then\n\t${lines.join("\n\t")}\nfi\n`;
}

/** The shell variable with the interface's real name. It is unset if the guest lacks the interface. */
function variable(name: string, { interfaces }: Plan): string {
	return `if${interfaces.findIndex((one) => one.name === name)}`;
}

function condition(one: PlannedInterface, plan: Plan): string {
	switch (one.kind) {
		case "physical":
			return one.macAddress === undefined ? `named ${one.name}` : `physical ${one.macAddress}`;
		case "bond":
			return `bond ${one.name} ${one.macAddress ?? "-"}`;
		case "vlan":
			return `vlan ${one.name} ${one.macAddress ?? "-"} ${one.vlanId} "\${${variable(one.parent, plan)}-}"`;
	}
}

/** The driver accepts most options only without members. */
function bondCalls({ options, members }: PlannedBond, plan: Plan): string[] {
	const values = bondOptions(options, " ").filter(([name]) => name !== "arp_ip_target");
	return [
		...values.map(([name, value]) => `bond_option ${name} ${value}`),
		...(options.arp?.targets ?? []).map((target) => `arp_target ${target}`),
		...members.map((member) => `member "\${${variable(member, plan)}-}"`),
		...(options.primary ? [`primary "\${${variable(options.primary.name, plan)}-}"`] : []),
	];
}

function addressingCalls(one: PlannedInterface): string[] {
	const ipv6 = one.routerAdvertisements
		? "auto"
		: one.addresses.some(({ version }) => version === 6)
			? "static"
			: "none";
	return [
		...(one.mtu === undefined ? [] : [`mtu ${one.mtu}`]),
		`ipv6 ${ipv6}`,
		...(one.learnedMetrics?.ipv6 === undefined ? [] : [`router_metric ${one.learnedMetrics.ipv6}`]),
		"up",
		...one.addresses.map(({ address, prefixLength }) => `address ${address}/${prefixLength}`),
		...one.routes.map((route) => routeCall(route, one)),
	];
}

function routeCall(route: PlannedRoute, one: PlannedInterface): string {
	// The gateway's subnet may come later, with the lease or the router advertisement.
	const subnetComes = route.gateway !== undefined && learnsRoutes(one, route.version);
	return [
		`route ${route.network}/${route.prefixLength} ${route.gateway ?? "-"}`,
		...(route.onLink || subnetComes ? ["onlink"] : []),
		...(route.metric === undefined ? [] : [`metric ${route.metric}`]),
	].join(" ");
}

function dhcpCalls(one: PlannedInterface, plan: Plan): string[] {
	return [
		...(one.dhcp4 ? [dhcpCall(4, one)] : []),
		...(one.dhcp6 === "stateful" ? [dhcpCall(6, one)] : []),
		// Stateless DHCPv6 serves only to get name servers.
		...(one.dhcp6 === "stateless" && resolvConf(plan) === "" ? ["stateless_dhcp"] : []),
	];
}

function dhcpCall(version: 4 | 6, { learnedMetrics, leased = [] }: PlannedInterface): string {
	// The metric of an IPv6 default route is the router advertisement's.
	const metric = version === 4 ? learnedMetrics?.ipv4 : undefined;
	const addresses = leased.filter((one) => one.version === version);
	return [
		`dhcp ${version} ${metric ?? "-"}`,
		...addresses.map(({ address, prefixLength }) => `${address}/${prefixLength}`),
	].join(" ");
}

/** The number of servers that the C library reads from resolv.conf: MAXNS in glibc's and musl's resolv.h. */
const MAX_NAME_SERVERS = 3;

function remarks({ interfaces }: Plan): Remark[] {
	const configured = interfaces.filter(({ dns, search }) => dns.length + search.length > 0);
	const lists = new Set(configured.map(({ dns, search }) => [...dns, ...search].join(" ")));
	const found: Remark[] = [];
	if (lists.size > 1) {
		found.push({ pointer: "/networks", reason: "resolv.conf has one list of name servers for all links" });
	}
	if (new Set(configured.flatMap(({ dns }) => dns)).size > MAX_NAME_SERVERS) {
		found.push({ pointer: "/networks", reason: `the C library uses only the first ${MAX_NAME_SERVERS} name servers` });
	}
	const local = interfaces.flatMap(({ dns }) => dns.filter(isLinkLocal));
	if (local.length > 0) {
		const reason = "resolv.conf needs the NIC's name beside a link-local name server: the C library does not reach it";
		found.push({ pointer: "/networks", reason, value: JSON.stringify(local) });
	}
	return found;
}
