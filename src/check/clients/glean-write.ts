/** How glean writes each interface, by distribution, as far as it can stop there. */
import { addressVersion, canonicalAddress } from "../../instance/addresses.ts";
import { parseMask } from "../addressing.ts";
import { isBlank, valueText } from "../json.ts";
import { asText, GleanStop, get, ipv4Length, ipv6Length, isIn, iterate } from "./glean-python.ts";
import type { Interface } from "./glean-read.ts";

/** Writes the networks of one interface of the guest, in glean's order. */
export type Writer = (name: unknown, networks: readonly Interface[]) => void;

const typeOf = ({ members }: Interface): unknown => members["type"];

/** The routes, for each writer but networkd's: `interface.get('routes', ())`. */
function routesOf({ members, pointer }: Interface): readonly unknown[] {
	return Object.hasOwn(members, "routes") ? iterate(members["routes"], pointer) : [];
}

/** Destination, mask and gateway are needed, of whatever type. */
function writeRoutes(network: Interface): void {
	for (const route of routesOf(network)) {
		for (const key of ["network", "netmask", "gateway"]) get(route, key, network.pointer);
	}
}

function writeIpv4({ members, pointer }: Interface): void {
	get(members, "ip_address", pointer);
	get(members, "netmask", pointer);
}

export const writeDebian: Writer = (_, networks) => {
	for (const network of networks) {
		const { members, pointer } = network;
		const type = typeOf(network);
		if (type !== "ipv4" && type !== "ipv6") continue;
		writeIpv4(network);
		if (type === "ipv6") ipv6Length(members["netmask"], pointer);
		for (const route of routesOf(network)) {
			const [to, mask] = [get(route, "network", pointer), get(route, "netmask", pointer)];
			const isDefault = (to === "0.0.0.0" && mask === "0.0.0.0") || (to === "::" && mask === "::");
			if (!isDefault && type === "ipv6") ipv6Length(mask, pointer);
			get(route, "gateway", pointer);
		}
	}
};

export const writeIfcfg: Writer = (_, networks) => {
	let isStarted = false;
	for (const network of networks) {
		const { members, pointer } = network;
		const type = typeOf(network);
		if (type === "ipv4") {
			writeIpv4(network);
			writeRoutes(network);
		}
		if (type === "ipv4" || type === "ipv4_dhcp" || type === "manual") isStarted = true;
		if (type !== "ipv6" && type !== "ipv6_slaac") continue;
		if (!isStarted) throw new GleanStop(pointer, "AssertionError", { isOfLink: true });
		if (type === "ipv6") {
			writeIpv4(network);
			ipv6Length(members["netmask"], pointer);
		}
		for (const route of routesOf(network)) {
			ipv6Length(get(route, "netmask", pointer), pointer);
			get(route, "network", pointer);
			get(route, "gateway", pointer);
		}
	}
};

export const writeKeyfile: Writer = (_, networks) => {
	let isStarted = false;
	for (const network of networks) {
		const type = typeOf(network);
		if (type === "ipv4") writeKeyfileIpv4(network);
		if (type === "ipv4" || type === "ipv4_dhcp" || type === "manual") isStarted = true;
		if (type !== "ipv6" && type !== "ipv6_slaac") continue;
		writeKeyfileIpv6(network);
		if (!isStarted) throw new GleanStop(network.pointer, "KeyError", { isOfLink: true });
	}
};

function writeKeyfileIpv4(network: Interface): void {
	const { members, pointer } = network;
	const prefix = prefixOf(members, "ip_address", pointer);
	const routes = routesOf(network);
	for (const route of routes) {
		prefixOf(route, "network", pointer);
		asText(get(route, "gateway", pointer), pointer);
	}
	if (routes.length > 0) findAddress(prefix, pointer);
}

/** `ipaddress.ip_interface(address + "/" + netmask)`. */
function prefixOf(entry: unknown, key: string, pointer: string): number {
	const address = asText(get(entry, key, pointer), pointer);
	const mask = asText(get(entry, "netmask", pointer), pointer);
	const canonical = canonicalAddress(address.slice(0, 100));
	const version = canonical === undefined ? undefined : addressVersion(canonical);
	const bits = version && parseMask(mask, version);
	if (bits === undefined || (version === 6 && !/^\d+$/.test(mask))) throw new GleanStop(pointer, "ValueError");
	return bits;
}

/** Routes are put behind the address, which glean finds by the two digits of its prefix. */
function findAddress(prefix: number, pointer: string): void {
	if (prefix < 10 || prefix > 99) throw new GleanStop(pointer, "AttributeError");
}

function writeKeyfileIpv6(network: Interface): void {
	const { members, pointer } = network;
	const isAutomatic = typeOf(network) === "ipv6_slaac" && isBlank(get(members, "ip_address", pointer));
	let prefix = 0;
	if (!isAutomatic) {
		prefix = ipv6Length(get(members, "netmask", pointer), pointer);
		get(members, "ip_address", pointer);
	}
	const routes = isBlank(members["routes"]) ? [] : routesOf(network);
	for (const route of routes) {
		ipv6Length(get(route, "netmask", pointer), pointer);
		asText(get(route, "network", pointer), pointer);
		asText(get(route, "gateway", pointer), pointer);
	}
	if (routes.length > 0) findAddress(prefix, pointer);
}

export const writeGentoo: Writer = (_, networks) => {
	for (const network of networks) {
		if (typeOf(network) !== "ipv4") continue;
		writeIpv4(network);
		writeRoutes(network);
	}
};

const NETWORKD_TYPES: readonly unknown[] = [
	"ipv4_dhcp",
	"ipv6_slaac",
	"ipv6_dhcpv6_stateful",
	"manual",
	"ipv4",
	"ipv6",
];

export const writeNetworkd: Writer = (name, networks) => {
	const started = new Set<unknown>();
	for (const network of networks) {
		const { members, pointer } = network;
		const isVlan = Object.hasOwn(members, "vlan_id");
		const file = isVlan ? `${asText(name, pointer)}-vlan${valueText(members["vlan_id"])}` : name;
		if (NETWORKD_TYPES.includes(typeOf(network)) || isVlan || Object.hasOwn(members, "bond_mode")) {
			started.add(file);
			if (Object.hasOwn(members, "services")) readServices(members["services"], pointer);
		}
		if (!started.has(file)) throw new GleanStop(pointer, "KeyError '[Network]'");
		writeNetworkdNetwork(network);
	}
};

function readServices(services: unknown, pointer: string): void {
	for (const service of iterate(services, pointer)) {
		if (get(service, "type", pointer) === "dns") get(service, "address", pointer);
	}
}

function writeNetworkdNetwork(network: Interface): void {
	const { members, pointer } = network;
	const type = typeOf(network);
	if (type === "ipv4" || type === "ipv6") {
		writeIpv4(network);
		(type === "ipv4" ? ipv4Length : ipv6Length)(members["netmask"], pointer);
	}
	for (const route of routesOf(network)) {
		if (isIn("network", route, pointer)) {
			const isIpv6 = isIn("v6", type, pointer);
			(isIpv6 ? ipv6Length : ipv4Length)(get(route, "netmask", pointer), pointer);
		}
		if (isIn("gateway", route, pointer)) get(route, "gateway", pointer);
	}
}
