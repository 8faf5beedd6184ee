import ipaddr from "ipaddr.js";
import { addressVersion, canonicalAddress, netmask } from "../instance/addresses.ts";
import { AcceptedNetworkEntry, AcceptedRoute, AcceptedService } from "./accepted-network-data.ts";
import { NETWORK_TYPES, type NetworkEntry, type NetworkType, type Route, type Service } from "./network-data.ts";
import { itemsOf, type Reading, remarkUnused } from "./reading.ts";

/** Other spellings of the types: cloud-init's own, and glean's with underscores. */
const OTHER_TYPES: ReadonlyMap<string | null | undefined, NetworkType> = new Map([
	["static", "ipv4"],
	["static6", "ipv6"],
	["dhcp", "ipv4_dhcp"],
	["dhcp4", "ipv4_dhcp"],
	["dhcp6", "ipv6_dhcp"],
	["dhcpv6_stateful", "ipv6_dhcpv6-stateful"],
	["dhcpv6_stateless", "ipv6_dhcpv6-stateless"],
	["ipv6_dhcpv6_stateful", "ipv6_dhcpv6-stateful"],
	["ipv6_dhcpv6_stateless", "ipv6_dhcpv6-stateless"],
]);

/** The networks that belong to one of the links, in document order. */
export function readNetworks(
	list: readonly AcceptedNetworkEntry[] | null | undefined,
	links: ReadonlySet<string>,
	reading: Reading,
): NetworkEntry[] {
	const ids = new Set<string>();
	return itemsOf(list, "/networks", reading).flatMap(([item, pointer]) => {
		remarkUnused(item, AcceptedNetworkEntry.properties, pointer, reading);
		const entry = readNetwork(item, pointer, links, reading);
		if (entry === undefined) return [];
		const wanted = item.id?.toString() || pointer.slice(1);
		let id = wanted;
		for (let n = 2; ids.has(id); n++) id = `${wanted}-${n}`;
		ids.add(id);
		if (id !== item.id) reading.remark(`${pointer}/id`, "not text, or used by an earlier network: replaced");
		return [reading.from(pointer, { id, ...entry })];
	});
}

function readNetwork(
	item: AcceptedNetworkEntry,
	pointer: string,
	links: ReadonlySet<string>,
	reading: Reading,
): Omit<NetworkEntry, "id"> | undefined {
	const link = item.link?.toString() ?? "";
	const address = readSubnet(item.ip_address, item.netmask, pointer, "ip_address", reading);
	const type = readType(item, address, pointer, reading);
	if (!links.has(link)) reading.remark(`${pointer}/link`, "no link has this id: the network is dropped");
	if (!links.has(link) || type === undefined) return undefined;
	const isStatic = type === "ipv4" || type === "ipv6";
	if (isStatic && address?.mask === undefined) {
		reading.remark(pointer, "no valid address and netmask: the network is dropped");
		return undefined;
	}
	const routes = readRoutes(item, pointer, reading);
	const own = readServices(item.services, `${pointer}/services`, reading);
	const services = [...own, ...readNameServers(item.dns_nameservers, `${pointer}/dns_nameservers`, own, reading)];
	const search = textsOf(item.dns_search).filter((domain) => domain !== "");
	if (typeof item.dns_search === "string") reading.remark(`${pointer}/dns_search`, "text instead of a list: converted");
	return {
		type,
		link,
		...(item.network_id && { network_id: item.network_id }),
		...(item.subnet_id && { subnet_id: item.subnet_id }),
		...(address && { ip_address: address.ip, ...(address.mask && { netmask: address.mask }) }),
		...((isStatic || item.routes || routes.length > 0) && { routes }),
		...((item.services || services.length > 0) && { services }),
		...((item.dns_search || search.length > 0) && { dns_search: search }),
	};
}

function readType(
	{ type }: AcceptedNetworkEntry,
	address: Subnet | undefined,
	pointer: string,
	reading: Reading,
): NetworkType | undefined {
	const known = NETWORK_TYPES.find((name) => name === type) ?? OTHER_TYPES.get(type);
	if (known === undefined) reading.remark(`${pointer}/type`, "unknown type: the network is dropped");
	const isStatic = known === "ipv4" || known === "ipv6";
	const meant = isStatic && address ? (`ipv${addressVersion(address.ip)}` as const) : known;
	if (meant !== undefined && meant !== type) reading.remark(`${pointer}/type`, `read as ${meant}`);
	return meant;
}

interface Subnet {
	/** Canonical. */
	readonly ip: string;
	readonly mask?: string;
}

/** An address and its netmask: as in our own documents, as CIDR, or with a prefix length for the netmask. */
function readSubnet(
	text: string | null | undefined,
	mask: string | number | null | undefined,
	pointer: string,
	key: string,
	reading: Reading,
): Subnet | undefined {
	if (!text) return undefined;
	const [plain = "", bits] = text.split("/", 2);
	const ip = canonicalAddress(plain);
	if (ip === undefined) {
		reading.remark(`${pointer}/${key}`, "not an IP address: dropped");
		return undefined;
	}
	if (ip !== text) reading.remark(`${pointer}/${key}`, "converted to a plain address in canonical form");
	const told = bits ?? mask;
	if (told === undefined || told === null || told === "") return { ip };
	const version = addressVersion(ip);
	const prefixLength = prefixLengthOf(told.toString(), version);
	const written = prefixLength === undefined ? undefined : netmask(version, prefixLength);
	if (written === undefined) reading.remark(`${pointer}/netmask`, `not an IPv${version} netmask: dropped`);
	else if (written !== mask) reading.remark(`${pointer}/netmask`, `converted to ${written}`);
	return { ip, ...(written !== undefined && { mask: written }) };
}

function prefixLengthOf(mask: string, version: 4 | 6): number | undefined {
	if (/^\d{1,3}$/.test(mask)) return Number(mask) <= (version === 4 ? 32 : 128) ? Number(mask) : undefined;
	const canonical = canonicalAddress(mask);
	if (canonical === undefined || addressVersion(canonical) !== version) return undefined;
	return ipaddr.parse(canonical).prefixLengthFromSubnetMask() ?? undefined;
}

function readRoutes(item: AcceptedNetworkEntry, pointer: string, reading: Reading): Route[] {
	const routes = itemsOf(item.routes, `${pointer}/routes`, reading).flatMap(([route, at]) =>
		readRoute(route, at, reading),
	);
	if (!item.gateway) return routes;
	const gateway = canonicalAddress(item.gateway);
	const any = gateway && anyAddress(addressVersion(gateway));
	const told = routes.some((route) => route.network === any && route.netmask === any);
	if (gateway === undefined || any === undefined || told) {
		reading.remark(
			`${pointer}/gateway`,
			told ? "the routes have a default route: dropped" : "not an IP address: dropped",
		);
		return routes;
	}
	reading.remark(`${pointer}/gateway`, "converted to a default route");
	return [reading.from(`${pointer}/gateway`, { network: any, netmask: any, gateway }), ...routes];
}

const anyAddress = (version: 4 | 6) => (version === 4 ? "0.0.0.0" : "::");

function readRoute(route: AcceptedRoute, pointer: string, reading: Reading): Route[] {
	remarkUnused(route, AcceptedRoute.properties, pointer, reading);
	const subnet = readSubnet(route.network, route.netmask, pointer, "network", reading);
	const gateway = canonicalAddress(route.gateway ?? "");
	if (subnet === undefined || gateway === undefined) {
		reading.remark(pointer, "no valid network and gateway: the route is dropped");
		return [];
	}
	const isAny = subnet.ip === anyAddress(addressVersion(subnet.ip));
	const mask = subnet.mask ?? (isAny ? subnet.ip : undefined);
	if (mask === undefined) {
		reading.remark(`${pointer}/netmask`, "missing: the route is dropped");
		return [];
	}
	if (subnet.mask === undefined) reading.remark(`${pointer}/netmask`, "missing: read as a default route");
	if (gateway !== route.gateway) reading.remark(`${pointer}/gateway`, "converted to canonical form");
	return [reading.from(pointer, { network: subnet.ip, netmask: mask, gateway })];
}

/** The name servers among the services. Nothing else is kept: cloud-init uses every service as a name server. */
export function readServices(
	list: readonly AcceptedService[] | null | undefined,
	pointer: string,
	reading: Reading,
): Service[] {
	return itemsOf(list, pointer, reading).flatMap(([service, at]) => {
		remarkUnused(service, AcceptedService.properties, at, reading);
		if (service.type === "dns") return readServer(service.address ?? "", at, reading);
		reading.remark(`${at}/type`, "not a DNS server: dropped");
		return [];
	});
}

/** The servers of `dns_nameservers` that the network's `services` do not name as well. */
function readNameServers(
	list: string | readonly string[] | null | undefined,
	pointer: string,
	services: readonly Service[],
	reading: Reading,
): Service[] {
	const known = new Set(services.map(({ address }) => address));
	const servers = textsOf(list).filter((text) => !known.has(canonicalAddress(text) ?? text));
	if (servers.length > 0) reading.remark(pointer, "converted to services");
	return servers.flatMap((text) => readServer(text, pointer, reading));
}

function readServer(text: string, pointer: string, reading: Reading): Service[] {
	const address = canonicalAddress(text);
	if (address === undefined) reading.remark(pointer, "not an IP address: the server is dropped");
	else if (address !== text) reading.remark(pointer, "converted to canonical form");
	return address === undefined ? [] : [reading.from(pointer, { type: "dns" as const, address })];
}

/** A list, or one text with spaces between the items: cloud-init accepts both. */
function textsOf(list: string | readonly string[] | null | undefined): readonly string[] {
	return typeof list === "string" ? list.split(" ").filter((text) => text !== "") : (list ?? []);
}
