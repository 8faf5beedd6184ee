/** A document's networks, gathered by interface: addresses, ways to get them, routes, name servers. */
import type { NetworkData, Service } from "../documents/network-data.ts";
import { DYNAMIC, type Dynamic, isStatic, type PlacedEntry, placeEntries } from "./entries.ts";
import type { Wiring } from "./links.ts";
import type { Addressing, PlannedAddress, PlannedInterface, Warn } from "./plan.ts";
import { planRoutes, rankDefaultRoutes } from "./routes.ts";
import { isHostAddress, parseDomain, parseIp } from "./values.ts";

/** Gives each interface what the networks on its link say. */
export function address(data: NetworkData, wiring: Wiring, warn: Warn): PlannedInterface[] {
	const entries = Map.groupBy(placeEntries(data.networks, wiring, warn), ({ entry }) => entry.link);
	const servers = planServers(data.services, entries, warn);
	const interfaces = [...wiring].map(([id, wired]) => ({
		...wired,
		...planAddressing(entries.get(id) ?? [], servers.get(id) ?? new Set(), warn),
	}));
	return rankDefaultRoutes(interfaces, warn);
}

function planAddressing(entries: readonly PlacedEntry[], dns: ReadonlySet<string>, warn: Warn): Addressing {
	let dynamic: Dynamic = { dhcp4: false, routerAdvertisements: false };
	for (const { entry } of entries) {
		const { dhcp6, ...more } = DYNAMIC[entry.type];
		dynamic = { ...dynamic, ...more, ...(dhcp6 && dynamic.dhcp6 !== "stateful" && { dhcp6 }) };
	}
	const addresses = planAddresses(entries, warn);
	const versions = new Set(addresses.map(({ version }) => version));
	if (dynamic.dhcp4) versions.add(4);
	if (dynamic.routerAdvertisements) versions.add(6);
	return {
		...dynamic,
		addresses,
		routes: planRoutes(entries, versions, warn),
		dns: [...dns],
		search: planSearch(entries, warn),
	};
}

function planAddresses(entries: readonly PlacedEntry[], warn: Warn): PlannedAddress[] {
	const addresses = new Map<string, PlannedAddress>();
	for (const { place, version, subnet } of entries.filter(isStatic)) {
		if (subnet === undefined) {
			warn(place, `ip_address and netmask are no IPv${version} address with its mask: the address is left out`);
			continue;
		}
		const address = subnet.ip.toString();
		if (!isHostAddress(subnet.ip)) warn(`${place}/ip_address`, "not an address that a NIC can have: left out");
		else if (addresses.has(address)) warn(`${place}/ip_address`, "this link has the address already: left out");
		else addresses.set(address, { version, address, prefixLength: subnet.prefixLength });
	}
	return [...addresses.values()];
}

/**
 * Name servers by link id: those its networks name. A server that stands in the document's own list alone (documents of
 * Metal3, KubeVirt) goes to the links without any of their own, or to the first when all have some.
 */
function planServers(
	services: readonly Service[],
	entries: ReadonlyMap<string, readonly PlacedEntry[]>,
	warn: Warn,
): Map<string, Set<string>> {
	const byLink = new Map<string, Set<string>>();
	for (const [id, placed] of entries) {
		const own = placed.flatMap(({ entry, place }) => parseServers(entry.services ?? [], `${place}/services`, warn));
		byLink.set(id, new Set(own));
	}
	const named = new Set([...byLink.values()].flatMap((servers) => [...servers]));
	const unnamed = parseServers(services, "/services", warn).filter((server) => !named.has(server));
	const without = [...byLink.values()].filter((servers) => servers.size === 0);
	const takers = without.length > 0 ? without : [...byLink.values()].slice(0, 1);
	for (const servers of takers) for (const server of unnamed) servers.add(server);
	if (takers.length === 0 && unnamed.length > 0) warn("/services", "no link has a network to ask them on: left out");
	return byLink;
}

function parseServers(services: readonly Service[], place: string, warn: Warn): string[] {
	return services.flatMap((service, i) => {
		const ip = parseIp(service.address);
		if (service.type !== "dns") warn(`${place}/${i}/type`, "not a DNS server: left out");
		else if (ip === undefined || ["unspecified", "multicast", "broadcast"].includes(ip.range())) {
			warn(`${place}/${i}/address`, "not the address of a server: left out");
		} else return [ip.toString()];
		return [];
	});
}

function planSearch(entries: readonly PlacedEntry[], warn: Warn): string[] {
	const domains = new Set<string>();
	for (const { entry, place } of entries) {
		for (const [i, text] of (entry.dns_search ?? []).entries()) {
			const domain = parseDomain(text);
			if (domain === undefined) warn(`${place}/dns_search/${i}`, "not a domain name: left out");
			else domains.add(domain);
		}
	}
	return [...domains];
}
