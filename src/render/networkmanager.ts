import type { Remark } from "../documents/reading.ts";
import type { BondOption } from "../instance/bonding.ts";
import { connectionUuid } from "./connection-uuid.ts";
import { optionsFor, realPrimary } from "./lacking-options.ts";
import {
	isDefault,
	isMember,
	learnsRoutes,
	nextHop,
	type Plan,
	type PlannedBond,
	type PlannedInterface,
	type PlannedRoute,
} from "./plan.ts";
import type { Renderer } from "./renderer.ts";
import { bondOptions, cidr, destination, type IniEntry, type IniSection, ini, optional } from "./text.ts";

/** Keyfiles, see nm-settings-keyfile(5) and nm-settings(5). NetworkManager ignores one that others may read. */
export const networkmanager: Renderer = (plan) => {
	const uuids = new Map(plan.interfaces.map((one) => [one.name, connectionUuid(one)]));
	const remarks = unaskedServers(plan);
	const files = plan.interfaces.map((one) => ({
		path: `etc/NetworkManager/system-connections/guestwire-${one.name}.nmconnection`,
		mode: 0o600,
		text: ini([...link(one, uuids, remarks), ...(isMember(one) ? [] : [ip(one, 4, remarks), ip(one, 6, remarks)])]),
	}));
	return { files, remarks };
};

function link(one: PlannedInterface, uuids: ReadonlyMap<string, string>, remarks: Remark[]): IniSection[] {
	const uuid = uuids.get(one.name) ?? "";
	const connection: IniEntry[] = [
		["id", `guestwire ${one.name}`],
		["uuid", uuid],
		["type", one.kind === "physical" ? "ethernet" : one.kind],
	];
	const mtu: IniEntry[] = one.mtu === undefined ? [] : [["mtu", one.mtu]];
	if (one.kind === "physical") {
		if (one.macAddress === undefined) connection.push(["interface-name", one.name]);
		if (one.bond !== undefined) connection.push(["master", uuids.get(one.bond) ?? ""], ["slave-type", "bond"]);
		return [
			["connection", connection],
			["ethernet", [...optional("mac-address", one.macAddress), ...mtu]],
		];
	}
	connection.push(["interface-name", one.name]);
	return [
		["connection", connection],
		one.kind === "bond"
			? ["bond", bondEntries(one, remarks)]
			: [
					"vlan",
					[
						["id", one.vlanId],
						["parent", uuids.get(one.parent) ?? ""],
					],
				],
		["ethernet", [...optional("cloned-mac-address", one.macAddress), ...mtu]],
	];
}

/** NetworkManager 1.42 refuses a connection with an option that it does not know. */
const UNKNOWN: readonly BondOption[] = ["arp_missed_max", "lacp_active"];

function bondEntries(bond: PlannedBond, remarks: Remark[]): IniEntry[] {
	const options = optionsFor(bond, "NetworkManager", (option) => !UNKNOWN.includes(option), remarks);
	return [...bondOptions(options, ","), ...optional("primary", realPrimary(bond, "NetworkManager", remarks))];
}

function ip(one: PlannedInterface, version: 4 | 6, remarks: Remark[]): IniSection {
	const method = methodOf(one, version);
	const entries: IniEntry[] = [["method", method]];
	// Neutron's port security passes only the address that is derived from the MAC address.
	if (method === "auto" && version === 6) entries.push(["addr-gen-mode", "eui64"], ["ip6-privacy", 0]);
	const addresses = one.addresses.filter((address) => address.version === version);
	entries.push(...addresses.map((address, i): IniEntry => [`address${i + 1}`, cidr(address)]));
	for (const [i, route] of one.routes.filter((route) => route.version === version).entries()) {
		entries.push([`route${i + 1}`, routeValue(route)]);
		if (route.onLink) entries.push([`route${i + 1}_options`, "onlink=true"]);
	}
	entries.push(...optional("route-metric", one.learnedMetrics?.[`ipv${version}`]));
	entries.push(...nameServers(one, version, remarks));
	return [`ipv${version}`, entries];
}

/** A metric comes third, after the next hop. */
function routeValue(route: PlannedRoute): string {
	if (route.metric !== undefined) return `${destination(route)},${nextHop(route)},${route.metric}`;
	return route.gateway === undefined ? destination(route) : `${destination(route)},${route.gateway}`;
}

/** Link-local IPv6 stays on: the metadata service has a link-local address. */
function methodOf(one: PlannedInterface, version: 4 | 6): "auto" | "manual" | "disabled" | "link-local" {
	if (learnsRoutes(one, version)) return "auto";
	if (one.addresses.some((address) => address.version === version)) return "manual";
	return version === 4 ? "disabled" : "link-local";
}

function takesNameServers(one: PlannedInterface, version: 4 | 6): boolean {
	return ["auto", "manual"].includes(methodOf(one, version));
}

function nameServers(one: PlannedInterface, version: 4 | 6, remarks: Remark[]): IniEntry[] {
	const servers = serversOf(one, version);
	if (!takesNameServers(one, version)) {
		const reason = `NetworkManager accepts IPv${version} name servers only on an interface with IPv${version}: dropped`;
		if (servers.length > 0) remarks.push({ pointer: one.pointer, reason, value: JSON.stringify(servers) });
		return [];
	}
	const entries: IniEntry[] = [];
	if (servers.length > 0) entries.push(["dns", list(servers)]);
	// With systemd-resolved, the servers of each version need them.
	if (one.search.length > 0) entries.push(["dns-search", list(one.search)]);
	return entries;
}

/**
 * Remarks on the servers that NetworkManager does not pass on to systemd-resolved, if some other interface has servers and
 * a default route (`update_add_ip_config` in nm-dns-systemd-resolved.c).
 */
function unaskedServers({ interfaces }: Plan): Remark[] {
	const taken = interfaces.flatMap((one) =>
		([4, 6] as const).flatMap((version) => {
			const servers = takesNameServers(one, version) ? serversOf(one, version) : [];
			return servers.length > 0 ? [{ one, servers, isAsked: mayHaveDefaultRoute(one, version) }] : [];
		}),
	);
	const asked = new Set(taken.flatMap(({ isAsked, servers }) => (isAsked ? servers : [])));
	return taken.flatMap(({ one, isAsked, servers }) => {
		const unasked = servers.filter((server) => !asked.has(server));
		if (asked.size === 0 || isAsked || one.search.length > 0 || unasked.length === 0) return [];
		const reason = "NetworkManager does not tell systemd-resolved servers of a link without a default route or domain";
		return [{ pointer: one.pointer, reason, value: JSON.stringify(unasked) }];
	});
}

/** DHCP servers and routers may hand one out. */
function mayHaveDefaultRoute(one: PlannedInterface, version: 4 | 6): boolean {
	return learnsRoutes(one, version) || one.routes.some((route) => isDefault(route, version));
}

function serversOf({ dns }: PlannedInterface, version: 4 | 6): string[] {
	return dns.filter((server) => server.includes(":") === (version === 6));
}

function list(values: readonly string[]): string {
	return values.map((value) => `${value};`).join("");
}
