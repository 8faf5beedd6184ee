import type { Remark } from "../documents/reading.ts";
import { optionsFor } from "./lacking-options.ts";
import {
	isMember,
	nextHop,
	type PlannedAddress,
	type PlannedBond,
	type PlannedInterface,
	type PlannedRoute,
} from "./plan.ts";
import { winningRoutes } from "./ranking.ts";
import type { Renderer } from "./renderer.ts";
import { bondOptions, destination, optional } from "./text.ts";

/**
 * Kernel arguments that set up the network in an initramfs, for images that must fetch their configuration: see
 * dracut.cmdline(7). dracut, NetworkManager's nm-initrd-generator and systemd-network-generator read them.
 */
export const dracut: Renderer = (plan) => {
	const names = initrdNames(plan.interfaces);
	const remarks: Remark[] = [];
	const winning = winningRoutes(plan.interfaces);
	const words = plan.interfaces.flatMap((one) => interfaceWords(one, names, winning, remarks));
	const servers = new Set(plan.interfaces.flatMap(({ dns }) => dns));
	const args = [...words, ...[...servers].map((server) => `nameserver=${server}`)];
	const text = `${["rd.neednet=1", ...args].join(" ")}\n`;
	return { files: [{ path: "kernel-arguments", mode: 0o644, text }], remarks };
};

/** The interfaces' names in the initramfs, by those of the plan. */
type Names = ReadonlyMap<string, string>;

/**
 * Our assumed names `eth0` … are the kernel's own, and dracut must not give a NIC a name that another may have: `nic0` ….
 * VLANs are named after their parents.
 */
function initrdNames(interfaces: readonly PlannedInterface[]): Names {
	const names = new Map<string, string>();
	for (const one of interfaces) {
		if (one.kind === "physical") names.set(one.name, one.nameKnown ? one.name : one.name.replace(/^eth/, "nic"));
		else if (one.kind === "bond") names.set(one.name, one.name);
		else names.set(one.name, vlanName(names.get(one.parent) ?? one.parent, one.vlanId, new Set(names.values())));
	}
	return names;
}

/** The name says the id: after the last dot, or after `vlan`. The kernel takes 15 characters. */
function vlanName(parent: string, id: number, taken: ReadonlySet<string>): string {
	const isFree = (name: string) => name.length <= 15 && !taken.has(name);
	const usual = [`${parent}.${id}`, `vlan${id}`].find(isFree);
	if (usual !== undefined) return usual;
	for (let n = 2; ; n++) if (isFree(`v${n}.${id}`)) return `v${n}.${id}`;
}

type Winning = ReturnType<typeof winningRoutes>;

function interfaceWords(one: PlannedInterface, names: Names, winning: Winning, remarks: Remark[]): string[] {
	const name = names.get(one.name) ?? one.name;
	const link = linkWords(one, name, names, remarks);
	if (isMember(one)) return link;
	remarks.push(...limits(one));
	const gateways = defaultGateways(one, winning, remarks);
	const own = settings(one);
	const addresses = one.addresses.map((address, i) => {
		const isFirst = one.addresses.findIndex(({ version }) => version === address.version) === i;
		return addressWord(address, isFirst ? gateways[address.version] : undefined, name, own);
	});
	const dynamic = dynamicMethods(one).map((method) => `ip=${name}:${method}${own}`);
	const routes = one.routes.filter((route) => route.prefixLength > 0).map((route) => routeWord(route, name));
	const leftOver = ([4, 6] as const).flatMap((version) => leftOverDefault(one, version, gateways[version], name));
	return [...link, ...addresses, ...dynamic, ...leftOver, ...routes];
}

/** A default route on a link that has no static address of its version. */
function leftOverDefault(one: PlannedInterface, version: 4 | 6, gateway: string | undefined, name: string): string[] {
	if (gateway === undefined || one.addresses.some((address) => address.version === version)) return [];
	return [`rd.route=${version === 4 ? "0.0.0.0/0" : "[::/0]"}:${bracketed(gateway)}:${name}`];
}

function linkWords(one: PlannedInterface, name: string, names: Names, remarks: Remark[]): string[] {
	switch (one.kind) {
		case "physical":
			return one.nameKnown || one.macAddress === undefined ? [] : [`ifname=${name}:${one.macAddress}`];
		case "bond": {
			const members = one.members.map((member) => names.get(member) ?? member).join(",");
			const mtu = one.mtu === undefined ? "" : `:${one.mtu}`;
			return [`bond=${name}:${members}:${bondWord(one, names, remarks)}${mtu}`];
		}
		case "vlan":
			return [`vlan=${name}:${names.get(one.parent) ?? one.parent}`];
	}
}

/** Commas separate options, and colons what stands beside them (dracut.cmdline(7)). */
function bondWord(bond: PlannedBond, names: Names, remarks: Remark[]): string {
	const options = optionsFor(bond, "dracut", (option) => option !== "ad_actor_system", remarks);
	const { primary } = options;
	const entries = [
		...bondOptions(options, ";"),
		...optional("primary", primary && (names.get(primary.name) ?? primary.name)),
	];
	return entries.map((option) => option.join("=")).join(",");
}

/** `:mtu:mac` of an `ip=`. A NIC keeps its own MAC address. */
function settings(one: PlannedInterface): string {
	const mac = one.kind === "physical" ? undefined : one.macAddress;
	if (one.mtu === undefined && mac === undefined) return "";
	return `:${one.mtu ?? ""}${mac === undefined ? "" : `:${mac}`}`;
}

function addressWord(address: PlannedAddress, gateway: string | undefined, name: string, own: string): string {
	const ip = bracketed(address.address);
	return `ip=${ip}::${gateway === undefined ? "" : bracketed(gateway)}:${address.prefixLength}::${name}:none${own}`;
}

function dynamicMethods({ dhcp4, dhcp6, routerAdvertisements }: PlannedInterface): string[] {
	const six = dhcp6 === "stateful" ? "dhcp6" : routerAdvertisements ? "auto6" : undefined;
	// Of two methods the second replaces the first; `on` is DHCPv4 with DHCPv6 or SLAAC.
	if (dhcp4) return [six === undefined ? "dhcp" : "on"];
	return six === undefined ? [] : [six];
}

/** systemd-network-generator 257 fails on an empty gateway. All take an unspecified one for none. */
function routeWord(route: PlannedRoute, name: string): string {
	return `rd.route=${bracketed(destination(route))}:${bracketed(nextHop(route))}:${name}`;
}

/** The gateways of the default routes that win. Others can't be ranked, and are dropped. */
function defaultGateways(one: PlannedInterface, winning: Winning, remarks: Remark[]): { 4?: string; 6?: string } {
	const gateways: { 4?: string; 6?: string } = {};
	for (const route of one.routes.filter(({ prefixLength }) => prefixLength === 0)) {
		if (winning.has(route)) gateways[route.version] = nextHop(route);
		else {
			const reason = "kernel arguments can't rank default routes: dropped";
			remarks.push({ pointer: route.pointer, reason, value: JSON.stringify(route.gateway) });
		}
	}
	return gateways;
}

function limits(one: PlannedInterface): Remark[] {
	const { pointer, search, routes, learnedMetrics } = one;
	const remarks: Remark[] = [];
	const remark = (reason: string, value?: unknown) =>
		remarks.push({ pointer, reason, ...(value !== undefined && { value: JSON.stringify(value) }) });
	if (search.length > 0) remark("kernel arguments have no search domains: dropped", search);
	if (learnedMetrics !== undefined) remark("kernel arguments can't rank the default routes of several links");
	const isAddressed = one.addresses.length > 0 || dynamicMethods(one).length > 0;
	if (!isAddressed && one.kind !== "bond" && one.mtu !== undefined && one.mtu !== 1500) {
		const reason = "kernel arguments have an MTU only beside an address: dropped";
		remarks.push({ pointer: `${pointer}/mtu`, reason, value: String(one.mtu) });
	}
	const ranked = routes.filter((route) => route.prefixLength > 0 && route.metric !== undefined);
	for (const route of ranked) {
		const reason = "kernel arguments have no metrics: dropped";
		remarks.push({ pointer: `${route.pointer}/metric`, reason, value: String(route.metric) });
	}
	for (const route of routes.filter(({ version, gateway }) => version === 6 && gateway === undefined)) {
		const reason = "dracut's own scripts can't set an IPv6 route on the link: only NetworkManager and systemd do";
		remarks.push({ pointer: route.pointer, reason });
	}
	return remarks;
}

function bracketed(address: string): string {
	return address.includes(":") ? `[${address}]` : address;
}
