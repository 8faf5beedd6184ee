/** What a sound document says of its links, in the form in which the files of a format are read back. */
import ipaddr from "ipaddr.js";
import type {
	DescribedBond,
	DescribedLink,
	DescribedNetwork,
	NetworkDescription,
} from "../../src/documents/network-description.ts";
import type { Format, Remark } from "../../src/render/index.ts";
import { type BondMeaning, canonicalCidr, canonicalIp, type Meaning, type RouteMeaning, route } from "./meaning.ts";
import { HOST_RESOLVER } from "./readers.ts";

/** DHCPv6 is up to the router's flags in these formats. */
const FOLLOWS_ROUTER: ReadonlySet<Format> = new Set(["networkmanager", "nmstate"]);
/** They rank the routes of router advertisements only with DHCPv6. */
const RANKS_DHCP: ReadonlySet<Format> = new Set(["cloud-init", "netplan"]);
/** They have no word for the policy `vlan+srcmac`. */
const LACKS_POLICY: ReadonlySet<Format> = new Set(["cloud-init", "netplan", "networkd"]);

/** A meaning without order, without names, and without the metrics that `render` adds. */
export function comparable({ vlan, memberOf, addresses, routes, learned, dns, search, ...rest }: Meaning): object {
	const isMember = memberOf !== undefined;
	return {
		...rest,
		vlan: vlan?.id,
		isMember,
		ra: isMember ? undefined : rest.ra,
		addresses: [...addresses].toSorted(),
		routes: routes.map(({ to, via, onLink, metric }) => `${to} ${via} ${onLink} ${ofDocument(metric)}`).toSorted(),
		learned: { ipv4: ofDocument(learned.ipv4), ipv6: ofDocument(learned.ipv6) },
		dns: [...dns].toSorted(),
		search: [...search].toSorted(),
	};
}

/** `render` ranks default routes with 50, and from 2048 on. */
function ofDocument(metric: number | undefined): number | undefined {
	return metric === 50 || (metric ?? 0) >= 2048 ? undefined : metric;
}

/** @param remarks those of `render`: cloud-init cannot take every metric */
export function describedMeanings(format: Format, data: NetworkDescription, remarks: readonly Remark[]): Meaning[] {
	const meanings = data.links.map((link) => describedMeaning(format, link, data, remarks));
	if (!HOST_RESOLVER.has(format)) return meanings;
	const dns = new Set(meanings.flatMap((meaning) => [...meaning.dns]));
	const search = new Set(meanings.flatMap((meaning) => [...meaning.search]));
	return meanings.map((meaning) => ({ ...meaning, dns, search }));
}

function describedMeaning(
	format: Format,
	link: DescribedLink,
	{ links, networks }: NetworkDescription,
	remarks: readonly Remark[],
): Meaning {
	const mine = networks.filter((network) => network.link === link.id);
	const dynamic = mine.filter((network) => !isStatic(network));
	const dhcp6 = dynamic.some(({ type }) => type.startsWith("ipv6_dhcp"));
	const mac = link.type === "vlan" ? link.vlan_mac_address : link.ethernet_mac_address;
	return {
		...(mac !== undefined && { mac }),
		...(link.mtu !== undefined && { mtu: link.mtu }),
		...(link.type === "vlan" && { vlan: { id: link.vlan_id, parent: "" } }),
		...(link.type === "bond" && { bond: describedBond(format, link as DescribedBond) }),
		...(links.some((bond) => bond.type === "bond" && bond.bond_links.includes(link.id)) && { memberOf: "" }),
		dhcp4: dynamic.some(({ type }) => type === "ipv4_dhcp"),
		dhcp6: dhcp6 && !FOLLOWS_ROUTER.has(format),
		ra: dynamic.some(({ type }) => type !== "ipv4_dhcp"),
		addresses: new Set(mine.filter(isStatic).map((one) => canonicalCidr(one.ip_address ?? "", one.netmask))),
		routes: networks.flatMap((network, i) =>
			network.link === link.id ? describedRoutes(network, `/networks/${i}`, mine, remarks) : [],
		),
		learned: learnedMetrics(dynamic, dhcp6 || !RANKS_DHCP.has(format)),
		dns: new Set(serversOf(format, mine)),
		search: new Set(mine.flatMap(({ dns_search: domains = [] }) => domains)),
	};
}

function isStatic({ type }: DescribedNetwork): boolean {
	return type === "ipv4" || type === "ipv6";
}

function describedBond(format: Format, bond: DescribedBond): BondMeaning {
	const { bond_miimon: miimon, bond_arp_interval: interval, bond_updelay: up, bond_downdelay: down } = bond;
	const number = (value: unknown) => (value === undefined ? undefined : Number(value));
	const policy = bond["bond_xmit_hash_policy"];
	const all = {
		mode: bond.bond_mode,
		miimon: number(miimon),
		arpInterval: number(interval),
		arpTargets: bond["bond_arp_ip_target"],
		updelay: number(up),
		downdelay: number(down),
		lacpRate: bond["bond_lacp_rate"],
		hashPolicy: LACKS_POLICY.has(format) && policy === "vlan+srcmac" ? undefined : policy,
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
	if (gateway.startsWith("fe80:")) return false;
	const family = gateway.includes(":") ? "ipv6" : "ipv4";
	const reaches = (network: DescribedNetwork) => {
		if (!isStatic(network)) return true;
		const cidr = ipaddr.parseCIDR(canonicalCidr(network.ip_address ?? "", network.netmask));
		return ipaddr.parse(gateway).match(cidr);
	};
	return !mine.some((network) => network.type.startsWith(family) && reaches(network));
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
