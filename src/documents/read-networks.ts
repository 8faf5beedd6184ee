import { OTHER_NETWORK_TYPES } from "../instance/foreign-words.ts";
import { AcceptedNetworkEntry } from "./accepted-network-data.ts";
import { NETWORK_TYPES, type NetworkType, type Service } from "./network-data.ts";
import { type DescribedNetwork, isStaticType } from "./network-description.ts";
import { readMetric, readRoutes } from "./read-routes.ts";
import { readNameServers, readSearch } from "./read-services.ts";
import { type PlainSubnet, readSubnet, versionOfAddress } from "./read-subnets.ts";
import { itemsOf, type Reading, remarkUnused } from "./reading.ts";

/** The networks that belong to one of the links, in document order. */
export function readNetworks(
	list: readonly AcceptedNetworkEntry[] | null | undefined,
	links: ReadonlySet<string>,
	reading: Reading,
): DescribedNetwork[] {
	const ids = new Set<string>();
	return itemsOf(list, "/networks", reading).flatMap(([item, pointer]) => {
		remarkUnused(item, AcceptedNetworkEntry.properties, pointer, reading);
		const wanted = item.id?.toString() || pointer.slice(1);
		return readNetwork(item, pointer, links, reading).map((entry, i) => {
			let id = wanted;
			for (let n = 2; ids.has(id); n++) id = `${wanted}-${n}`;
			ids.add(id);
			const reason = "not text, or used by an earlier network: replaced";
			if (id !== item.id && i === 0) reading.remark(`${pointer}/id`, reason, item.id);
			return reading.from(pointer, { id, ...entry });
		});
	});
}

type Entry = Omit<DescribedNetwork, "id">;

/** One entry per address. The first has the network's routes and name servers. */
function readNetwork(
	item: AcceptedNetworkEntry,
	pointer: string,
	links: ReadonlySet<string>,
	reading: Reading,
): Entry[] {
	const link = item.link?.toString() ?? "";
	const [address, ...others] = readAddresses(item, pointer, reading);
	const type = readType(item, address, pointer, reading);
	if (!links.has(link)) {
		reading.remark(`${pointer}/link`, "no link has this id: the network is dropped", item.link);
		return [];
	}
	if (type === undefined) return [];
	const isStatic = isStaticType(type);
	if (isStatic && address?.mask === undefined) {
		reading.remark(pointer, "no valid address and netmask: the network is dropped");
		return [];
	}
	const first = { ...entryOf(type, link, address, item), ...readDetails(item, isStatic, pointer, reading) };
	return [first, ...others.flatMap((other) => furtherEntry(other, link, item))];
}

function entryOf(type: NetworkType, link: string, address: PlainSubnet | undefined, item: AcceptedNetworkEntry): Entry {
	return {
		type,
		link,
		...(item.network_id && { network_id: item.network_id.toString() }),
		...(item.subnet_id && { subnet_id: item.subnet_id.toString() }),
		...(address && { ip_address: address.ip, ...(address.mask && { netmask: address.mask }) }),
	};
}

function furtherEntry(address: PlainSubnet, link: string, item: AcceptedNetworkEntry): Entry[] {
	if (address.mask === undefined) return [];
	return [{ ...entryOf(`ipv${versionOfAddress(address.ip)}`, link, address, item), routes: [] }];
}

/** `ip_address` may be a list: KubeVirt's users write it. */
function readAddresses(item: AcceptedNetworkEntry, pointer: string, reading: Reading): PlainSubnet[] {
	const { ip_address: ip, netmask, type } = item;
	const assumed = type === "ipv6" || type === "static6" || type === "static" || type === "ipv4";
	const read = (text: string | null | undefined, at: string) =>
		readSubnet({ text, mask: netmask, key: at, assumeMask: assumed }, pointer, reading) ?? [];
	if (!Array.isArray(ip)) return [read(ip, "ip_address")].flat();
	if (ip.length > 1) reading.remark(`${pointer}/ip_address`, "several addresses: converted to networks of their own");
	return ip.flatMap((text, i) => read(text, `ip_address/${i}`));
}

function readDetails(item: AcceptedNetworkEntry, isStatic: boolean, pointer: string, reading: Reading) {
	const metric = readMetric(item.metric, `${pointer}/metric`, reading);
	const routes = readRoutes(item, metric, pointer, reading);
	if (isStatic && routes.length === 0 && metric.metric !== undefined) {
		reading.remark(`${pointer}/metric`, "the network has no routes: dropped", item.metric);
	}
	const services = readNameServers(item, pointer, reading);
	const search = readSearch(item, pointer, reading);
	const hasServices = item.services || services.length > 0;
	return {
		...(!isStatic && metric),
		...((isStatic || item.routes || routes.length > 0) && { routes }),
		...(hasServices && { services: services satisfies Service[] }),
		...((item.dns_search || search.length > 0) && { dns_search: search }),
	};
}

function readType(
	{ type }: AcceptedNetworkEntry,
	address: PlainSubnet | undefined,
	pointer: string,
	reading: Reading,
): NetworkType | undefined {
	const known = NETWORK_TYPES.find((name) => name === type) ?? OTHER_NETWORK_TYPES.get(type);
	if (known === undefined) reading.remark(`${pointer}/type`, "unknown type: the network is dropped", type);
	const meant = isStaticType(known) && address ? (`ipv${versionOfAddress(address.ip)}` as const) : known;
	if (meant !== undefined && meant !== type) reading.remark(`${pointer}/type`, `read as ${meant}`, type);
	return meant;
}
