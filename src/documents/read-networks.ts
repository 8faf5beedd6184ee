import ipaddr from "ipaddr.js";
import { addressVersion, canonicalAddress, netmask } from "../instance/addresses.ts";
import { AcceptedNetworkEntry, AcceptedRoute, AcceptedService } from "./accepted-network-data.ts";
import { NETWORK_TYPES, type NetworkEntry, type NetworkType, type Route, type Service } from "./network-data.ts";
import { itemsOf, noteUnused, type Reading } from "./reading.ts";

/** Other names of the types: cloud-init's own, and glean's with underscores. */
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

/** The networks that stand on one of the links, in the document's order. */
export function readNetworks(
	list: readonly AcceptedNetworkEntry[] | null | undefined,
	links: ReadonlySet<string>,
	reading: Reading,
): NetworkEntry[] {
	const ids = new Set<string>();
	return itemsOf(list, "/networks", reading).flatMap(([item, place]) => {
		noteUnused(item, AcceptedNetworkEntry.properties, place, reading);
		const entry = readNetwork(item, place, links, reading);
		if (entry === undefined) return [];
		const wanted = item.id?.toString() || place.slice(1);
		let id = wanted;
		for (let n = 2; ids.has(id); n++) id = `${wanted}-${n}`;
		ids.add(id);
		if (id !== item.id) reading.note(`${place}/id`, "no text, or an earlier network has it: another is given");
		return [reading.from(place, { id, ...entry })];
	});
}

function readNetwork(
	item: AcceptedNetworkEntry,
	place: string,
	links: ReadonlySet<string>,
	reading: Reading,
): Omit<NetworkEntry, "id"> | undefined {
	const link = item.link?.toString() ?? "";
	const address = readSubnet(item.ip_address, item.netmask, place, "ip_address", reading);
	const type = readType(item, address, place, reading);
	if (!links.has(link)) reading.note(`${place}/link`, "names no link: the network is dropped");
	if (!links.has(link) || type === undefined) return undefined;
	const isStatic = type === "ipv4" || type === "ipv6";
	if (isStatic && address?.mask === undefined) {
		reading.note(place, "no address with a netmask: the network is dropped");
		return undefined;
	}
	const routes = readRoutes(item, place, reading);
	const services = [
		...readServices(item.services, `${place}/services`, reading),
		...readNameServers(item.dns_nameservers, `${place}/dns_nameservers`, reading),
	];
	const search = textsOf(item.dns_search).filter((domain) => domain !== "");
	if (typeof item.dns_search === "string") reading.note(`${place}/dns_search`, "text: taken for a list");
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
	place: string,
	reading: Reading,
): NetworkType | undefined {
	const known = NETWORK_TYPES.find((name) => name === type) ?? OTHER_TYPES.get(type);
	if (known === undefined) reading.note(`${place}/type`, "no known type: the network is dropped");
	const isStatic = known === "ipv4" || known === "ipv6";
	const told = isStatic && address ? (`ipv${addressVersion(address.ip)}` as const) : known;
	if (told !== undefined && told !== type) reading.note(`${place}/type`, `taken for ${told}`);
	return told;
}

interface Subnet {
	/** Canonical. */
	readonly ip: string;
	readonly mask?: string;
}

/** An address and its mask: written as in our own documents, or as CIDR, or with the mask as a number of bits. */
function readSubnet(
	text: string | null | undefined,
	mask: string | number | null | undefined,
	place: string,
	key: string,
	reading: Reading,
): Subnet | undefined {
	if (!text) return undefined;
	const [plain = "", bits] = text.split("/", 2);
	const ip = canonicalAddress(plain);
	if (ip === undefined) {
		reading.note(`${place}/${key}`, "no IP address: dropped");
		return undefined;
	}
	if (ip !== text) reading.note(`${place}/${key}`, "written as a plain address in canonical form");
	const told = bits ?? mask;
	if (told === undefined || told === null || told === "") return { ip };
	const version = addressVersion(ip);
	const prefixLength = prefixLengthOf(told.toString(), version);
	const written = prefixLength === undefined ? undefined : netmask(version, prefixLength);
	if (written === undefined) reading.note(`${place}/netmask`, `no netmask of IPv${version}: dropped`);
	else if (written !== mask) reading.note(`${place}/netmask`, `written as ${written}`);
	return { ip, ...(written !== undefined && { mask: written }) };
}

function prefixLengthOf(mask: string, version: 4 | 6): number | undefined {
	if (/^\d{1,3}$/.test(mask)) return Number(mask) <= (version === 4 ? 32 : 128) ? Number(mask) : undefined;
	const canonical = canonicalAddress(mask);
	if (canonical === undefined || addressVersion(canonical) !== version) return undefined;
	return ipaddr.parse(canonical).prefixLengthFromSubnetMask() ?? undefined;
}

function readRoutes(item: AcceptedNetworkEntry, place: string, reading: Reading): Route[] {
	const routes = itemsOf(item.routes, `${place}/routes`, reading).flatMap(([route, at]) =>
		readRoute(route, at, reading),
	);
	if (!item.gateway) return routes;
	const gateway = canonicalAddress(item.gateway);
	const any = gateway && anyAddress(addressVersion(gateway));
	const told = routes.some((route) => route.network === any && route.netmask === any);
	if (gateway === undefined || any === undefined || told) {
		reading.note(`${place}/gateway`, told ? "the routes have a default route: dropped" : "no IP address: dropped");
		return routes;
	}
	reading.note(`${place}/gateway`, "written as a default route");
	return [reading.from(`${place}/gateway`, { network: any, netmask: any, gateway }), ...routes];
}

const anyAddress = (version: 4 | 6) => (version === 4 ? "0.0.0.0" : "::");

function readRoute(route: AcceptedRoute, place: string, reading: Reading): Route[] {
	noteUnused(route, AcceptedRoute.properties, place, reading);
	const subnet = readSubnet(route.network, route.netmask, place, "network", reading);
	const gateway = canonicalAddress(route.gateway ?? "");
	if (subnet === undefined || gateway === undefined) {
		reading.note(place, "without network or gateway: the route is dropped");
		return [];
	}
	const isAny = subnet.ip === anyAddress(addressVersion(subnet.ip));
	const mask = subnet.mask ?? (isAny ? subnet.ip : undefined);
	if (mask === undefined) {
		reading.note(`${place}/netmask`, "missing: the route is dropped");
		return [];
	}
	if (subnet.mask === undefined) reading.note(`${place}/netmask`, "missing: taken for a default route");
	if (gateway !== route.gateway) reading.note(`${place}/gateway`, "written in canonical form");
	return [reading.from(place, { network: subnet.ip, netmask: mask, gateway })];
}

/** The name servers among the services. cloud-init takes every service for one, so nothing else is kept. */
export function readServices(
	list: readonly AcceptedService[] | null | undefined,
	place: string,
	reading: Reading,
): Service[] {
	return itemsOf(list, place, reading).flatMap(([service, at]) => {
		noteUnused(service, AcceptedService.properties, at, reading);
		if (service.type === "dns") return readServer(service.address ?? "", at, reading);
		reading.note(`${at}/type`, "no DNS server: dropped");
		return [];
	});
}

function readNameServers(
	list: string | readonly string[] | null | undefined,
	place: string,
	reading: Reading,
): Service[] {
	const servers = textsOf(list);
	if (servers.length > 0) reading.note(place, "written as services");
	return servers.flatMap((text) => readServer(text, place, reading));
}

function readServer(text: string, place: string, reading: Reading): Service[] {
	const address = canonicalAddress(text);
	if (address === undefined) reading.note(place, "no IP address: the server is dropped");
	else if (address !== text) reading.note(place, "written in canonical form");
	return address === undefined ? [] : [reading.from(place, { type: "dns" as const, address })];
}

/** A list, or one text with spaces between, which cloud-init takes too. */
function textsOf(list: string | readonly string[] | null | undefined): readonly string[] {
	return typeof list === "string" ? list.split(" ").filter((text) => text !== "") : (list ?? []);
}
