/** What a sound document says of its links, in the form in which the files of a format are read back. */
import ipaddr from "ipaddr.js";
import type {
	DescribedBond,
	DescribedLink,
	DescribedNetwork,
	DescribedRoute,
	NetworkDescription,
} from "../../src/documents/network-description.ts";
import { isUnspecified } from "../../src/instance/addresses.ts";
import type { Format, Remark } from "../../src/render/index.ts";
import { type BondMeaning, canonicalCidr, canonicalIp, type Meaning, type RouteMeaning, route } from "./meaning.ts";
import { HOST_RESOLVER } from "./readers.ts";

/** DHCPv6 is up to the router's flags in these formats. */
const FOLLOWS_ROUTER: ReadonlySet<Format> = new Set(["networkmanager", "nmstate"]);
/** They rank the routes of router advertisements only with DHCPv6. */
const RANKS_DHCP: ReadonlySet<Format> = new Set(["cloud-init", "netplan"]);
/**
 * A meaning without order, without names, and without the metrics that `render` adds.
 *
 * @param metrics all of the document
 */
export function comparable(meaning: Meaning, metrics: Metrics): object {
	const { vlan, bond, memberOf, addresses, routes, learned, dns, search, ...rest } = meaning;
	const isMember = memberOf !== undefined;
	const ofDocument = (family: Family, metric: number | undefined) =>
		metrics.all[family].has(metric ?? -1) ? metric : undefined;
	const ofDefault = (family: Family, metric: number | undefined) =>
		metrics.ofDefaults[family].has(metric ?? -1) ? metric : undefined;
	const ofRoute = ({ to, metric }: RouteMeaning) => ofDocument(to.includes(":") ? "ipv6" : "ipv4", metric);
	const { primary, ...more } = bond?.more ?? {};
	return {
		...rest,
		bond: bond && { ...bond, more, hasPrimary: primary !== undefined },
		vlan: vlan?.id,
		isMember,
		ra: isMember ? undefined : rest.ra,
		addresses: [...addresses].toSorted(),
		routes: routes.map((one) => `${one.to} ${one.via} ${one.onLink} ${ofRoute(one)}`).toSorted(),
		learned: { ipv4: ofDefault("ipv4", learned.ipv4), ipv6: ofDefault("ipv6", learned.ipv6) },
		dns: [...dns].toSorted(),
		search: [...search].toSorted(),
	};
}

type Family = "ipv4" | "ipv6";
type FamilyMetrics = Readonly<Record<Family, ReadonlySet<number>>>;

interface Metrics {
	readonly all: FamilyMetrics;
	/** Those of default routes: the metrics that `render` adds to such routes are none of them. */
	readonly ofDefaults: FamilyMetrics;
}

/** The metrics of a document's networks and routes. */
export function metricsIn({ networks }: NetworkDescription): Metrics {
	const metricsOf = (family: string, isCounted: (route: DescribedRoute) => boolean) => {
		const own = networks.filter(({ type }) => type.startsWith(family));
		const holders = own.flatMap((network) => [network, ...(network.routes ?? []).filter(isCounted)]);
		return new Set(holders.flatMap(({ metric }) => metric ?? []));
	};
	const ofFamilies = (isCounted: (route: DescribedRoute) => boolean): FamilyMetrics => ({
		ipv4: metricsOf("ipv4", isCounted),
		ipv6: metricsOf("ipv6", isCounted),
	});
	return { all: ofFamilies(() => true), ofDefaults: ofFamilies(({ netmask }) => isUnspecified(netmask)) };
}

/** @param remarks those of `render`: a format may lack options of bonds, and cloud-init cannot take every metric */
export function describedMeanings(format: Format, data: NetworkDescription, remarks: readonly Remark[]): Meaning[] {
	const meanings = data.links.map((link, i) => describedMeaning(format, link, `/links/${i}`, data, remarks));
	if (!HOST_RESOLVER.has(format)) return meanings;
	const dns = new Set(meanings.flatMap((meaning) => [...meaning.dns]));
	const search = new Set(meanings.flatMap((meaning) => [...meaning.search]));
	return meanings.map((meaning) => ({ ...meaning, dns, search }));
}

function describedMeaning(
	format: Format,
	link: DescribedLink,
	pointer: string,
	{ links, networks }: NetworkDescription,
	remarks: readonly Remark[],
): Meaning {
	const mine = networks.filter((network) => network.link === link.id);
	const dynamic = mine.filter((network) => !isStatic(network));
	const dhcp6 = dynamic.some(({ type }) => type.startsWith("ipv6_dhcp"));
	const mac = link.type === "vlan" ? link.vlan_mac_address : link.ethernet_mac_address;
	// nmstate refuses it.
	const isMembers =
		link.type === "bond" && link.bond_mode === "active-backup" && link["bond_fail_over_mac"] === "active";
	const hasMac = mac !== undefined && !(format === "nmstate" && isMembers);
	return {
		...(hasMac && { mac }),
		...(link.mtu !== undefined && { mtu: link.mtu }),
		...(link.type === "vlan" && { vlan: { id: link.vlan_id, parent: "" } }),
		...(link.type === "bond" && { bond: describedBond(link as DescribedBond, pointer, remarks) }),
		...(links.some((bond) => bond.type === "bond" && bond.bond_links.includes(link.id)) && { memberOf: "" }),
		dhcp4: dynamic.some(({ type }) => type === "ipv4_dhcp"),
		dhcp6: dhcp6 && !FOLLOWS_ROUTER.has(format),
		ra: dynamic.some(({ type }) => type !== "ipv4_dhcp"),
		addresses: new Set(mine.filter(isStatic).map((one) => canonicalCidr(one.ip_address ?? "", one.netmask))),
		routes: networks.flatMap((network, i) =>
			network.link === link.id ? describedRoutes(network, `/networks/${i}`, mine, remarks) : [],
		),
		learned: commonMetric(pointer, remarks, dhcp6) ?? learnedMetrics(dynamic, dhcp6 || !RANKS_DHCP.has(format)),
		dns: new Set(serversOf(format, mine)),
		search: new Set(mine.flatMap(({ dns_search: domains = [] }) => domains)),
	};
}

function isStatic({ type }: DescribedNetwork): boolean {
	return type === "ipv4" || type === "ipv6";
}

/** The options that have a place of their own in a meaning. */
const PLACES = ["links", "mode", "miimon", "arp_interval", "arp_ip_target", "updelay", "downdelay", "lacp_rate"];

/** What a remark says that the format lacks is left out. */
function describedBond(bond: DescribedBond, pointer: string, remarks: readonly Remark[]): BondMeaning {
	const number = (value: unknown) => (value === undefined ? undefined : Number(value));
	const reasonOf = (option: string) => remarks.find((one) => one.pointer === `${pointer}/bond_${option}`)?.reason;
	const given = Object.entries(bond).filter(([key]) => key.startsWith("bond_"));
	const carried = new Map(
		given.flatMap(([key, value]): [string, unknown][] => {
			const option = key.slice("bond_".length);
			return reasonOf(option)?.includes("dropped") ? [] : [[option, value]];
		}),
	);
	const replaced = / bond_miimon (\d+) is used$/.exec(reasonOf("arp_interval") ?? "")?.[1];
	const further = [...carried].filter(([option]) => !PLACES.includes(option) && option !== "xmit_hash_policy");
	const all = {
		mode: bond.bond_mode,
		miimon: number(replaced ?? carried.get("miimon")),
		arpInterval: replaced === undefined ? number(carried.get("arp_interval")) : undefined,
		arpTargets: replaced === undefined ? carried.get("arp_ip_target") : undefined,
		updelay: number(carried.get("updelay")),
		downdelay: number(carried.get("downdelay")),
		lacpRate: carried.get("lacp_rate"),
		hashPolicy: carried.get("xmit_hash_policy"),
		more: Object.fromEntries(further.map(([option, value]) => [option, String(value)])),
	};
	return all as BondMeaning;
}

function describedRoutes(
	{ routes = [] }: DescribedNetwork,
	pointer: string,
	mine: readonly DescribedNetwork[],
	remarks: readonly Remark[],
): RouteMeaning[] {
	return routes.flatMap(({ network, netmask, gateway, metric }, n) => {
		const reasons = remarks.flatMap((one) => (one.pointer === `${pointer}/routes/${n}` ? one.reason : []));
		if (reasons.some((reason) => reason.endsWith("the route is dropped"))) return [];
		const keepsMetric = metric !== undefined && !reasons.some((reason) => reason.endsWith("the metric is dropped"));
		const more = { onLink: isOnLink(gateway, mine), ...(keepsMetric && { metric }) };
		return [route(canonicalCidr(network, netmask), gateway, more)];
	});
}

/** The gateway is in no subnet of the link, as far as these are known. */
function isOnLink(gateway: string, mine: readonly DescribedNetwork[]): boolean {
	if (gateway.startsWith("fe80:") || gateway === "0.0.0.0" || gateway === "::") return false;
	const family = gateway.includes(":") ? "ipv6" : "ipv4";
	const reaches = (network: DescribedNetwork) => {
		if (!isStatic(network)) return true;
		const cidr = ipaddr.parseCIDR(canonicalCidr(network.ip_address ?? "", network.netmask));
		return ipaddr.parse(gateway).match(cidr);
	};
	return !mine.some((network) => network.type.startsWith(family) && reaches(network));
}

/** The metric that a remark names for both IP versions, if the format can't have one for each. */
function commonMetric(pointer: string, remarks: readonly Remark[], dhcp6: boolean): Meaning["learned"] | undefined {
	const reasons = remarks.filter((one) => one.pointer === pointer).map(({ reason }) => reason);
	const [, text] =
		reasons.map((reason) => /for DHCP of both IP versions: it is (\d+)$/.exec(reason)).find(Boolean) ?? [];
	return text === undefined ? undefined : { ipv4: Number(text), ...(dhcp6 && { ipv6: Number(text) }) };
}

function learnedMetrics(dynamic: readonly DescribedNetwork[], ranksRouters: boolean): Meaning["learned"] {
	const metricOf = (family: string) => dynamic.find(({ type }) => type.startsWith(family))?.metric;
	const [ipv4, ipv6] = [metricOf("ipv4"), ranksRouters ? metricOf("ipv6") : undefined];
	return { ...(ipv4 !== undefined && { ipv4 }), ...(ipv6 !== undefined && { ipv6 }) };
}

/** NetworkManager takes servers of a family only on a link with addresses of that family. */
function serversOf(format: Format, mine: readonly DescribedNetwork[]): string[] {
	const servers = mine.flatMap(({ services = [] }) => services.map(({ address }) => canonicalIp(address)));
	if (format !== "networkmanager") return servers;
	return servers.filter((server) => mine.some(({ type }) => type.startsWith(server.includes(":") ? "ipv6" : "ipv4")));
}
