/**
 * The networks in `network_data` of an Ironic node, as read-networks.ts reads them: in the forms of any maker. A value
 * that can't be read is an error, because nobody reads remarks about a node.
 */
import { addressVersion, anyAddress, canonicalAddress, parseCidr, prefixLengthOf } from "./addresses.ts";
import {
	ASSUMED_IPV6_LENGTH,
	OTHER_NETWORK_TYPES,
	searchDomainsIn,
	textsOf,
	withoutDefaultWord,
	withoutZone,
} from "./foreign-words.ts";
import type { HostRoute, IpVersion } from "./instance.ts";
import { isMap } from "./is-map.ts";

/** An address on a link, or how to get one. */
export interface NodeAddress {
	readonly link: string;
	readonly version: IpVersion;
	readonly assigned: "static" | "dhcp" | "slaac";
	/** Always known if it is static. */
	readonly address?: string;
	readonly prefixLength?: number;
	readonly gateway?: string;
	readonly routes: readonly HostRoute[];
	readonly dnsServers: readonly string[];
	readonly searchDomains: readonly string[];
	readonly name?: string;
}

export type Json = Readonly<Record<string, unknown>>;
/** Rejects a value at a place in the document. */
export type Fail = (place: string, what: string) => never;

const TYPES = new Map<unknown, Pick<NodeAddress, "version" | "assigned">>([
	["ipv4", { version: 4, assigned: "static" }],
	["ipv6", { version: 6, assigned: "static" }],
	["ipv4_dhcp", { version: 4, assigned: "dhcp" }],
	["ipv6_dhcp", { version: 6, assigned: "dhcp" }],
	["ipv6_dhcpv6-stateful", { version: 6, assigned: "dhcp" }],
	["ipv6_dhcpv6-stateless", { version: 6, assigned: "slaac" }],
	["ipv6_slaac", { version: 6, assigned: "slaac" }],
]);

interface RankedRoute extends HostRoute {
	/** Lower wins. */
	readonly metric: number;
}

/** An address whose routes still have metrics; default routes are among them. */
interface RankedAddress extends Omit<NodeAddress, "routes" | "gateway"> {
	readonly routes: readonly RankedRoute[];
	/** That of a default route which a DHCP server or a router may hand out. */
	readonly learnedMetric?: number;
}

/** The addresses of all networks. */
export function readAddresses(networks: unknown, fail: Fail): NodeAddress[] {
	return withoutMetrics(mapsIn(networks).flatMap((network, at) => readNetwork(network, `networks[${at}]`, fail)));
}

export function mapsIn(list: unknown): Json[] {
	return Array.isArray(list) ? list.filter(isMap) : [];
}

/** Documents made from templates have numbers for ids. */
export function idOf(value: unknown): string | undefined {
	return typeof value === "string" || typeof value === "number" ? String(value) : undefined;
}

/** One per address. The first has the routes and name servers. */
function readNetwork(network: Json, place: string, fail: Fail): RankedAddress[] {
	const word = network["type"];
	const type = TYPES.get(OTHER_NETWORK_TYPES.get(word) ?? word);
	// "manual" and other types: nothing to set up.
	if (type === undefined) return [];
	const link = idOf(network["link"]);
	if (link === undefined) return fail(`${place}.link`, "must be the id of a link");
	const [own = type, ...others] = textsOf(network["ip_address"]).map((text) =>
		readAddress(text, network["netmask"], type, place, fail),
	);
	if (type.assigned === "static" && own === type) return fail(`${place}.ip_address`, "is missing");
	const name = idOf(network["network_id"]);
	const common = { link, ...(name !== undefined && { name }) };
	const nothing = { routes: [], dnsServers: [], searchDomains: [] };
	return [
		{ ...common, ...own, ...readDetails(network, own, place, fail) },
		...others.map((other): RankedAddress => ({ ...common, ...nothing, ...other, assigned: "static" })),
	];
}

type OwnAddress = Pick<NodeAddress, "version" | "assigned" | "address" | "prefixLength">;

/** An address that a server hands out is of no use without its netmask. */
function readAddress(
	text: string,
	mask: unknown,
	{ version, assigned }: OwnAddress,
	place: string,
	fail: Fail,
): OwnAddress {
	const [plain = "", bits] = text.split("/", 2);
	const address = canonicalAddress(plain);
	const isStatic = assigned === "static";
	if (address === undefined || (!isStatic && addressVersion(address) !== version)) {
		return fail(`${place}.ip_address`, isStatic ? "is not an IP address" : `is not an IPv${version} address`);
	}
	const own = { assigned, version: addressVersion(address) };
	const given = bits ?? idOf(mask) ?? "";
	if (given === "" && !isStatic) return own;
	const prefixLength = given === "" && own.version === 6 ? ASSUMED_IPV6_LENGTH : prefixLengthOf(own.version, given);
	if (prefixLength === undefined) return fail(`${place}.netmask`, "is missing or invalid");
	return { ...own, address, prefixLength };
}

function readDetails(network: Json, { version, assigned }: OwnAddress, place: string, fail: Fail) {
	const metric = metricOf(network["metric"]);
	const given = mapsIn(network["routes"]);
	const routes = given.map((route, at) => readRoute(route, version, metric, `${place}.routes[${at}]`, fail));
	const written = routerOf(network["gateway"]);
	const gateway = written === undefined ? undefined : canonicalAddress(written);
	if (written !== undefined && (gateway === undefined || addressVersion(gateway) !== version)) {
		return fail(`${place}.gateway`, `is not an IPv${version} address`);
	}
	const services = [network["services"], ...given.map((route) => route["services"])];
	const dnsServers = [
		...services.flatMap((list) => serversIn(list, `${place}.services`, fail)),
		...textsOf(network["dns_nameservers"]).map((text) => serverOf(text, `${place}.dns_nameservers`, fail)),
	];
	return {
		// The network's own gateway takes precedence.
		routes:
			gateway === undefined
				? routes
				: [defaultRoute(gateway, version, metric), ...routes.filter((it) => !isDefault(it))],
		...(assigned !== "static" && { learnedMetric: metric ?? LEARNED_METRIC[version] }),
		dnsServers: [...new Set(dnsServers)],
		searchDomains: [
			...textsOf(network["dns_search"]),
			...services.flatMap((list) => searchDomainsIn(mapsIn(list))),
		].filter(Boolean),
	};
}

/** What routes without a metric have: static ones in the kernel, and those that DHCP clients and the kernel make. */
const STATIC_METRIC = { 4: 0, 6: 1024 } as const;
const LEARNED_METRIC = { 4: 100, 6: 1024 } as const;

function metricOf(value: unknown): number | undefined {
	const text = idOf(value) ?? "";
	return /^\d{1,10}$/.test(text) ? Number(text) : undefined;
}

function routerOf(value: unknown): string | undefined {
	return typeof value === "string" && value !== "" ? withoutZone(value) : undefined;
}

function defaultRoute(gateway: string, version: IpVersion, metric = STATIC_METRIC[version] as number): RankedRoute {
	return { destination: `${anyAddress(version)}/0`, nexthop: gateway, metric };
}

function isDefault({ destination }: HostRoute): boolean {
	return destination.endsWith("/0");
}

function readRoute(
	route: Json,
	version: IpVersion,
	metric: number | undefined,
	place: string,
	fail: Fail,
): RankedRoute {
	const nexthop = canonicalAddress(routerOf(route["gateway"]) ?? "");
	const [base = "", bits] = String(withoutDefaultWord(route["network"] || route["destination"], version)).split("/", 2);
	const isAny = base === anyAddress(version);
	const length = prefixLengthOf(version, (bits ?? idOf(route["netmask"])) || (isAny ? "0" : ""));
	const cidr = length === undefined ? undefined : parseCidr(`${base}/${length}`);
	if (cidr?.version !== version || nexthop === undefined || addressVersion(nexthop) !== version) {
		return fail(place, `is not an IPv${version} route with network, netmask and gateway`);
	}
	const destination = `${cidr.network}/${cidr.prefixLength}`;
	return { destination, nexthop, metric: metricOf(route["metric"]) ?? metric ?? STATIC_METRIC[version] };
}

/** The name servers in a list of services, or of addresses. */
export function serversIn(list: unknown, place: string, fail: Fail): string[] {
	if (!Array.isArray(list)) return [];
	return list.flatMap((item, at) => {
		if (isMap(item) && item["type"] !== "dns") return [];
		const texts = textsOf(isMap(item) ? item["address"] : item);
		return (texts.length > 0 ? texts : [""]).map((text) => serverOf(text, `${place}[${at}]`, fail));
	});
}

function serverOf(text: string, place: string, fail: Fail): string {
	return canonicalAddress(withoutZone(text)) ?? fail(place, "is not the address of a name server");
}

/**
 * Guestwire's documents have no metrics. Of several routes to one destination those with the lowest one stay; a default
 * route stays only if a DHCP server or a router on another network has none that goes before it.
 */
function withoutMetrics(addresses: readonly RankedAddress[]): NodeAddress[] {
	const lowest = new Map<string, number>();
	const count = (destination: string, metric: number) =>
		lowest.set(destination, Math.min(lowest.get(destination) ?? metric, metric));
	for (const { routes, version, learnedMetric } of addresses) {
		for (const { destination, metric } of routes) count(destination, metric);
		if (learnedMetric !== undefined) count(`${anyAddress(version)}/0`, learnedMetric);
	}
	return addresses.map(({ routes, learnedMetric: _, ...address }) => {
		const kept = routes.filter(({ destination, metric }) => metric <= (lowest.get(destination) ?? metric));
		const gateway = kept.find(isDefault)?.nexthop;
		const others = kept.flatMap(({ metric: __, ...route }) => (isDefault(route) ? [] : [route]));
		return { ...address, ...(gateway !== undefined && { gateway }), routes: others };
	});
}
