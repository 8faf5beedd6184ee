import { DHCP } from "./iproute2-dhcp.ts";
import { SETUP, START, UNDO } from "./iproute2-shell.ts";
import { STACKED } from "./iproute2-stacked.ts";
import type { Plan, PlannedBond, PlannedInterface, PlannedRoute, Warning } from "./plan.ts";
import type { Renderer } from "./renderer.ts";

/**
 * A shell script that sets up the network by itself, for guests without an agent. It needs `ip` of iproute2 or busybox,
 * finds NICs by MAC address whatever they are called, and takes its changes back with `--undo`.
 *
 * Nothing in it needs quoting: a plan's addresses, names and domains have no characters that a shell takes for its own.
 */
export const iproute2: Renderer = (plan) => ({
	files: [{ path: "etc/guestwire/apply.sh", mode: 0o755, text: script(plan) }],
	warnings: warnings(plan),
});

function script(plan: Plan): string {
	const { interfaces } = plan;
	const stacked = interfaces.some((one) => one.kind !== "physical");
	const dhcp = interfaces.some((one) => dhcpCalls(one, plan).length > 0);
	const macs = interfaces.filter((one) => one.kind === "physical").map((one) => one.macAddress);
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

/** resolv.conf has one list for all interfaces. */
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
	return `\n# ${one.place}\nif ${choice(one, plan)}; then\n\t${lines.join("\n\t")}\nfi\n`;
}

/** The shell's variable with the interface's real name: unset when the guest doesn't have it. */
function variable(name: string, { interfaces }: Plan): string {
	return `if${interfaces.findIndex((one) => one.name === name)}`;
}

function choice(one: PlannedInterface, plan: Plan): string {
	switch (one.kind) {
		case "physical":
			return `physical ${one.macAddress}`;
		case "bond":
			return `bond ${one.name} ${one.macAddress}`;
		case "vlan":
			return `vlan ${one.name} ${one.macAddress} ${one.vlanId} "\${${variable(one.parent, plan)}-}"`;
	}
}

/** The driver takes the mode first, delays after miimon, and most only without members. */
function bondCalls({ options, members }: PlannedBond, plan: Plan): string[] {
	const values = {
		mode: options.mode,
		miimon: options.miimon,
		updelay: options.updelay,
		downdelay: options.downdelay,
		lacp_rate: options.lacpRate,
		xmit_hash_policy: options.hashPolicy,
	};
	return [
		...Object.entries(values).flatMap(([name, value]) => (value === undefined ? [] : [`bond_option ${name} ${value}`])),
		...members.map((member) => `member "\${${variable(member, plan)}-}"`),
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
		"up",
		...one.addresses.map(({ address, prefixLength }) => `address ${address}/${prefixLength}`),
		...one.routes.map((route) => routeCall(route, one)),
	];
}

function routeCall(route: PlannedRoute, one: PlannedInterface): string {
	// The subnet of a gateway may come with the lease or the router advertisement, later.
	const subnetComes = route.version === 4 ? one.dhcp4 : one.routerAdvertisements;
	return [
		`route ${route.network}/${route.prefixLength} ${route.gateway}`,
		...(route.onLink || subnetComes ? ["onlink"] : []),
		...(route.metric === undefined ? [] : [`metric ${route.metric}`]),
	].join(" ");
}

function dhcpCalls(one: PlannedInterface, plan: Plan): string[] {
	return [
		...(one.dhcp4 ? ["dhcp 4"] : []),
		...(one.dhcp6 === "stateful" ? ["dhcp 6"] : []),
		// All that stateless DHCPv6 is good for are name servers.
		...(one.dhcp6 === "stateless" && resolvConf(plan) === "" ? ["stateless_dhcp"] : []),
	];
}

/** What the C library reads of resolv.conf: MAXNS in glibc's and musl's resolv.h. */
const MAX_NAME_SERVERS = 3;

function warnings({ interfaces }: Plan): Warning[] {
	const told = interfaces.filter(({ dns, search }) => dns.length + search.length > 0);
	const lists = new Set(told.map(({ dns, search }) => [...dns, ...search].join(" ")));
	const found: Warning[] = [];
	if (lists.size > 1) {
		found.push({ place: "/networks", reason: "resolv.conf knows no links: one list of name servers for all" });
	}
	if (new Set(told.flatMap(({ dns }) => dns)).size > MAX_NAME_SERVERS) {
		found.push({ place: "/networks", reason: `the C library uses the first ${MAX_NAME_SERVERS} name servers alone` });
	}
	return found;
}
