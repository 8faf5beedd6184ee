import { canonicalAddress } from "../instance/addresses.ts";
import { SEARCH_TYPES, searchDomainsIn, textsOf, withoutZone } from "../instance/foreign-words.ts";
import { type AcceptedNetworkEntry, AcceptedService } from "./accepted-network-data.ts";
import type { Service } from "./network-data.ts";
import { itemsOf, type Reading, remarkUnused } from "./reading.ts";

type ServiceList = readonly AcceptedService[] | null | undefined;

/** The name servers among the services. Nothing else is kept: cloud-init uses every service as a name server. */
export function readServices(list: ServiceList, pointer: string, reading: Reading): Service[] {
	return itemsOf(list, pointer, reading).flatMap(([service, at]) => {
		remarkUnused(service, AcceptedService.properties, at, reading);
		const { type, address } = service;
		if (type === "dns") return textsOf(address).flatMap((text) => readServer(text, at, reading));
		if (!SEARCH_TYPES.includes(type)) reading.remark(`${at}/type`, "not a DNS server: dropped", type);
		return [];
	});
}

/** All name servers of a network, without repeats: of its services, its `dns_nameservers` and its routes. */
export function readNameServers(item: AcceptedNetworkEntry, pointer: string, reading: Reading): Service[] {
	const own = readServices(item.services, `${pointer}/services`, reading);
	const at = `${pointer}/dns_nameservers`;
	const known = new Set(own.map(({ address }) => address));
	const listed = textsOf(item.dns_nameservers).filter(
		(text) => !known.has(canonicalAddress(withoutZone(text)) ?? text),
	);
	if (listed.length > 0) reading.remark(at, "converted to services", listed);
	const inRoutes = (item.routes ?? []).flatMap(({ services }, i) => {
		const within = `${pointer}/routes/${i}/services`;
		if (services && services.length > 0) reading.remark(within, "converted to services of the network");
		return readServices(services, within, reading);
	});
	const servers = [...own, ...listed.flatMap((text) => readServer(text, at, reading)), ...inRoutes];
	return servers.filter(
		({ address }, i) => i < own.length || i === servers.findIndex((one) => one.address === address),
	);
}

/** All search domains of a network: its `dns_search` and those among its services. */
export function readSearch(item: AcceptedNetworkEntry, pointer: string, reading: Reading): string[] {
	const own = textsOf(item.dns_search).filter((domain) => domain !== "");
	if (typeof item.dns_search === "string") {
		reading.remark(`${pointer}/dns_search`, "text instead of a list: converted", item.dns_search);
	}
	const others = [item.services, ...(item.routes ?? []).map(({ services }) => services)].flatMap((list) =>
		searchDomainsIn(list ?? []),
	);
	if (others.length > 0) reading.remark(`${pointer}/services`, "search domains converted to dns_search", others);
	return [...own, ...others.filter((domain) => !own.includes(domain))];
}

function readServer(text: string, pointer: string, reading: Reading): Service[] {
	const address = canonicalAddress(withoutZone(text));
	if (address === undefined) reading.remark(pointer, "not an IP address: the server is dropped", text);
	else if (address !== text) reading.remark(pointer, "converted to canonical form", text);
	return address === undefined ? [] : [reading.from(pointer, { type: "dns" as const, address })];
}
