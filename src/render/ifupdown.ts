import type { Remark } from "../documents/reading.ts";
import type { BondOption } from "../instance/bonding.ts";
import { optionsFor } from "./lacking-options.ts";
import { assumedNames, type PlannedBond, type PlannedInterface, type PlannedRoute, primaryNames } from "./plan.ts";
import type { Renderer } from "./renderer.ts";
import { bondOptions, cidr, destination } from "./text.ts";

/**
 * interfaces(5) for Debian's ifupdown. If the names of the NICs are given, also for ifupdown-ng and busybox, which can't
 * find a NIC by its MAC address. Bonds need the package ifenslave.
 */
export const ifupdown: Renderer = (plan) => {
	const remarks = assumedParents(plan.interfaces);
	const primaries = primaryNames(plan.interfaces);
	const text = plan.interfaces.flatMap((one) => stanzas(one, primaries.has(one.name), remarks)).join("\n");
	return { files: [{ path: "etc/network/interfaces.d/50-guestwire", mode: 0o644, text }], remarks };
};

function assumedParents(interfaces: readonly PlannedInterface[]): Remark[] {
	const assumed = assumedNames(interfaces);
	return interfaces
		.filter((one) => one.kind === "vlan" && assumed.has(one.parent))
		.map(({ pointer }) => ({
			pointer: `${pointer}/vlan_link`,
			reason: "ifupdown needs the real name of the NIC below a VLAN, and it is unknown: give the name",
		}));
}

/**
 * The settings of the link itself come first, in a stanza of their own, because `dhcp` and `auto` have no MTU. Name
 * servers are repeated in every `inet` stanza, because in resolvconf each stanza replaces the one before.
 */
function stanzas(one: PlannedInterface, isPrimary: boolean, remarks: Remark[]): string[] {
	// The first interface with that address: bonds and VLANs may share a NIC's address, and are created later.
	const found =
		one.kind === "physical" && !one.nameKnown && one.macAddress !== undefined
			? `mac/${one.macAddress}/1=${one.name}`
			: one.name;
	const manual = ["inet manual", ...linkOptions(one, isPrimary, remarks), ...nameServers(one)];
	const inet = addressStanzas(one, 4).map((stanza) => [...stanza, ...nameServers(one)]);
	return [
		`auto ${found}\n`,
		...[manual, ...inet, ...addressStanzas(one, 6)].map(
			([method, ...options]) => `iface ${one.name} ${method}\n${options.map((option) => `\t${option}\n`).join("")}`,
		),
	];
}

function linkOptions(one: PlannedInterface, isPrimary: boolean, remarks: Remark[]): string[] {
	const options: string[] = [];
	if (one.mtu !== undefined) options.push(`mtu ${one.mtu}`);
	if (one.kind === "physical" && one.bond !== undefined) {
		// The NIC's real name may be unknown, and a bond has a primary only among its members.
		const primary = isPrimary ? [setOption("primary", "$IFACE", one.bond)] : [];
		return [...options, `bond-master ${one.bond}`, ...primary];
	}
	if (one.kind !== "physical" && one.macAddress !== undefined) options.push(`hwaddress ${one.macAddress}`);
	if (one.kind === "bond") options.push("bond-slaves none", ...bondLines(one, remarks));
	if (one.kind === "vlan") {
		options.push(`vlan-raw-device ${one.parent}`, `vlan-id ${one.vlanId}`);
	}
	// A VLAN's name has a dot, which sysctl would read as a slash. ifenslave creates a bond after `pre-up`.
	const when = one.kind === "bond" ? "up" : "pre-up";
	if (!one.routerAdvertisements) options.push(`${when} sysctl -q -e -w net/ipv6/conf/$IFACE/accept_ra=0`);
	const metric = one.learnedMetrics?.ipv6;
	// Linux 5.11 or later.
	if (metric !== undefined) options.push(`${when} sysctl -q -e -w net/ipv6/conf/$IFACE/ra_defrtr_metric=${metric}`);
	return options;
}

/** What ifenslave 2.13 leaves out is set in the kernel, but these only while the bond is down. */
const BEFORE_UP: readonly BondOption[] = ["ad_user_port_key", "lacp_active"];
const UNKNOWN_TO_IFENSLAVE: ReadonlySet<string> = new Set<BondOption>([
	...(["ad_actor_sys_prio", "ad_actor_system", "all_slaves_active", "arp_all_targets", "arp_missed_max"] as const),
	...(["lp_interval", "min_links", "peer_notif_delay", "resend_igmp"] as const),
]);

function bondLines(bond: PlannedBond, remarks: Remark[]): string[] {
	const options = optionsFor(bond, "ifenslave", (option) => !BEFORE_UP.includes(option), remarks);
	return bondOptions(options, " ").map(([name, value]) =>
		UNKNOWN_TO_IFENSLAVE.has(name) ? setOption(name, value, "$IFACE") : `bond-${name.replaceAll("_", "-")} ${value}`,
	);
}

function setOption(name: string, value: string | number, bond: string): string {
	return `up echo ${value} >/sys/class/net/${bond}/bonding/${name}`;
}

function nameServers(one: PlannedInterface): string[] {
	const options: string[] = [];
	if (one.dns.length > 0) options.push(`dns-nameservers ${one.dns.join(" ")}`);
	if (one.search.length > 0) options.push(`dns-search ${one.search.join(" ")}`);
	return options;
}

/** Each stanza is a method with its options. The last one has the routes: by then every gateway is reachable. */
function addressStanzas(one: PlannedInterface, version: 4 | 6): string[][] {
	const family = version === 4 ? "inet" : "inet6";
	const stanzas = one.addresses
		.filter((address) => address.version === version)
		.map((address) => [`${family} static`, `address ${cidr(address)}`]);
	if (version === 4 && one.dhcp4) {
		const metric = one.learnedMetrics?.ipv4;
		stanzas.push(["inet dhcp", ...(metric === undefined ? [] : [`metric ${metric}`])]);
	}
	if (version === 6 && one.routerAdvertisements) stanzas.push(dynamicIpv6(one));
	stanzas.at(-1)?.push(...one.routes.filter((route) => route.version === version).map(upRoute));
	return stanzas;
}

function dynamicIpv6(one: PlannedInterface): string[] {
	if (one.dhcp6 === "stateful") return ["inet6 dhcp"];
	return ["inet6 auto", "privext 0", ...(one.dhcp6 === "stateless" ? ["dhcp 1"] : [])];
}

function upRoute(route: PlannedRoute): string {
	const metric = route.metric === undefined ? "" : ` metric ${route.metric}`;
	const onLink = route.onLink ? " onlink" : "";
	const via = route.gateway === undefined ? "" : ` via ${route.gateway}`;
	return `up ip -${route.version} route replace ${destination(route)}${via} dev $IFACE${onLink}${metric}`;
}
