/** The networks of a document, grouped by interface: addresses, ways to get addresses, routes, name servers. */
import type { Service } from "../documents/network-data.ts";
import type { NetworkDescription } from "../documents/network-description.ts";
import type { AddRemark } from "../documents/reading.ts";
import { isHostAddress, isUnicast } from "../instance/addresses.ts";
import { DYNAMIC, type Dynamic, isStatic, type LocatedEntry, locateEntries } from "./entries.ts";
import type { LinkPlans } from "./links.ts";
import type { Addressing, LearnedMetrics, PlannedAddress, PlannedInterface } from "./plan.ts";
import { rankDefaultRoutes } from "./ranking.ts";
import { planRoutes } from "./routes.ts";
import { parseAddress, parseDomain } from "./values.ts";

/** Adds to each interface what the networks on its link say. */
export function addAddressing(data: NetworkDescription, linkPlans: LinkPlans, remark: AddRemark): PlannedInterface[] {
	const entries = Map.groupBy(locateEntries(data.networks, linkPlans, remark), ({ entry }) => entry.link);
	const servers = planServers(data.services, entries, remark);
	const interfaces = [...linkPlans].map(([id, plans]) => ({
		...plans,
		...planAddressing(entries.get(id) ?? [], servers.get(id) ?? new Set(), remark),
	}));
	return rankDefaultRoutes(interfaces, remark);
}

function planAddressing(entries: readonly LocatedEntry[], dns: ReadonlySet<string>, remark: AddRemark): Addressing {
	let dynamic: Dynamic = { dhcp4: false, routerAdvertisements: false };
	for (const { entry } of entries) {
		const { dhcp6, ...more } = DYNAMIC[entry.type];
		dynamic = { ...dynamic, ...more, ...(dhcp6 && dynamic.dhcp6 !== "stateful" && { dhcp6 }) };
	}
	const addresses = planAddresses(entries, remark);
	const leased = leasedAddresses(entries);
	const learned = learnedMetrics(entries);
	const versions = new Set(addresses.map(({ version }) => version));
	if (dynamic.dhcp4) versions.add(4);
	if (dynamic.routerAdvertisements) versions.add(6);
	return {
		...dynamic,
		addresses,
		...(leased.length > 0 && { leased }),
		routes: planRoutes(entries, versions, remark),
		...(learned && { learnedMetrics: learned }),
		dns: [...dns],
		search: planSearch(entries, remark),
	};
}

function planAddresses(entries: readonly LocatedEntry[], remark: AddRemark): PlannedAddress[] {
	const addresses = new Map<string, PlannedAddress>();
	for (const { entry, pointer, version, address } of entries.filter(isStatic)) {
		if (address === undefined) {
			remark(pointer, `no valid IPv${version} address and netmask: the address is dropped`, valuesOf(entry));
			continue;
		}
		const { text, subnet } = address;
		if (!isHostAddress(text)) {
			remark(`${pointer}/ip_address`, "not an address that an interface can have: dropped", text);
		} else if (addresses.has(text)) {
			remark(`${pointer}/ip_address`, "the link has this address already: dropped", text);
		} else addresses.set(text, { version, address: text, prefixLength: subnet.prefixLength });
	}
	return [...addresses.values()];
}

/** The metrics that the document has for routes by DHCP and from routers; the first one counts. */
function learnedMetrics(entries: readonly LocatedEntry[]): LearnedMetrics | undefined {
	const metricOf = (wanted: 4 | 6) =>
		entries.find(({ entry, version }) => version === wanted && entry.metric !== undefined)?.entry.metric;
	const [ipv4, ipv6] = [metricOf(4), metricOf(6)];
	if (ipv4 === undefined && ipv6 === undefined) return undefined;
	return { ...(ipv4 !== undefined && { ipv4 }), ...(ipv6 !== undefined && { ipv6 }) };
}

function leasedAddresses(entries: readonly LocatedEntry[]): PlannedAddress[] {
	return entries.flatMap(({ entry, version, address }) => {
		const { dhcp4, dhcp6 } = DYNAMIC[entry.type];
		if (!(dhcp4 || dhcp6 === "stateful") || address === undefined || !isHostAddress(address.text)) return [];
		return [{ version, address: address.text, prefixLength: version === 4 ? address.subnet.prefixLength : 128 }];
	});
}

/**
 * Name servers by link id: those that its networks name. Servers that only the top-level `services` name (documents of
 * Metal3, KubeVirt) go to the links without servers of their own, or to the first link if all have some.
 */
function planServers(
	services: readonly Service[],
	entries: ReadonlyMap<string, readonly LocatedEntry[]>,
	remark: AddRemark,
): Map<string, Set<string>> {
	const byLink = new Map<string, Set<string>>();
	for (const [id, located] of entries) {
		const own = located.flatMap(({ entry, pointer }) => parseServers(serversOf(entry), `${pointer}/services`, remark));
		byLink.set(id, new Set(own));
	}
	const assigned = new Set([...byLink.values()].flatMap((servers) => [...servers]));
	const shared = parseServers(services, "/services", remark).filter((server) => !assigned.has(server));
	const without = [...byLink.values()].filter((servers) => servers.size === 0);
	const takers = without.length > 0 ? without : [...byLink.values()].slice(0, 1);
	for (const servers of takers) for (const server of shared) servers.add(server);
	if (takers.length === 0 && shared.length > 0) remark("/services", "no link has a network: dropped", shared);
	return byLink;
}

/** `dns_nameservers` usually repeats `services`. */
function serversOf({ services = [], dns_nameservers: listed = [] }: LocatedEntry["entry"]): Service[] {
	const known = new Set(services.map(({ address }) => address));
	const others = listed.filter((address) => !known.has(address));
	return [...services, ...others.map((address) => ({ type: "dns" as const, address }))];
}

function valuesOf({ ip_address, netmask }: LocatedEntry["entry"]): object {
	return { ip_address, netmask };
}

function parseServers(services: readonly Service[], pointer: string, remark: AddRemark): string[] {
	return services.flatMap((service, i) => {
		const address = parseAddress(service.address);
		if (service.type !== "dns") remark(`${pointer}/${i}/type`, "not a DNS server: dropped", service.type);
		else if (address === undefined || !isUnicast(address)) {
			remark(`${pointer}/${i}/address`, "not the address of a server: dropped", service.address);
		} else return [address];
		return [];
	});
}

function planSearch(entries: readonly LocatedEntry[], remark: AddRemark): string[] {
	const domains = new Set<string>();
	for (const { entry, pointer } of entries) {
		for (const [i, text] of (entry.dns_search ?? []).entries()) {
			const domain = parseDomain(text);
			if (domain === undefined) remark(`${pointer}/dns_search/${i}`, "not a domain name: dropped", text);
			else domains.add(domain);
		}
	}
	return [...domains];
}
