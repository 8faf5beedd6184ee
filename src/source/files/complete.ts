/** Fills in missing members from other resources, where only one value is possible. */
import { suggest } from "../../checked-text.ts";
import { type Cidr, cidrContains, parseCidr } from "../../instance/addresses.ts";
import type { PortFacts, ServerFacts, ShareFacts, SubnetFacts } from "../../instance/facts.ts";
import { isInstanceNic } from "../ownership.ts";
import { nodeInstanceFinder } from "./bare-metal.ts";
import type { PortEntry, SubnetEntry } from "./collections.ts";
import { macFinder } from "./mac-addresses.ts";
import type { Fault, Merged } from "./merge.ts";
import { add, all, groupBy, type Multimap } from "./multimap.ts";

/** A subnet whose CIDR is parsed. */
export interface KnownSubnet {
	readonly facts: SubnetFacts;
	readonly cidr: Cidr;
}

/**
 * Every subnet with its network, by id.
 *
 * @throws GuestwireError `inventory` if a network is unknown, or missing while there are several
 */
export function completeSubnets(merged: Merged, fault: Fault): Map<string, KnownSubnet> {
	const subnets = new Map<string, KnownSubnet>();
	for (const entry of merged.subnets.values()) {
		const network_id =
			entry.network_id ?? onlyKey(merged.networks) ?? fault("subnets", entry, [], missingNetwork(merged));
		if (!merged.networks.has(network_id)) {
			fault("subnets", entry, ["network_id"], unknown("network", network_id, merged.networks));
		}
		const cidr = parseCidr(entry.cidr);
		if (cidr) subnets.set(entry.id, { facts: complete<SubnetEntry, SubnetFacts>(entry, { network_id }), cidr });
	}
	return subnets;
}

/** Every server. An instance that only ports name gets one that is named after its id. */
export function completeServers(
	servers: ReadonlyMap<string, ServerFacts>,
	ports: ReadonlyMap<string, PortFacts>,
): Map<string, ServerFacts> {
	const completed = new Map(servers);
	for (const port of ports.values()) {
		const id = port.device_id;
		if (id === "" || !isInstanceNic(port) || completed.has(id)) continue;
		completed.set(id, { id, name: id, metadata: {}, addresses: {}, security_groups: [] });
	}
	return completed;
}

/**
 * The shares by server. Nova's answer does not name the server, so it means the only one.
 *
 * @throws GuestwireError `inventory` if the server is missing while there are several
 */
export function completeShares(
	merged: Merged,
	servers: ReadonlyMap<string, ServerFacts>,
	fault: Fault,
): Multimap<ShareFacts> {
	const shares: Multimap<ShareFacts> = new Map();
	for (const entry of merged.shares.values()) {
		const { server_id, ...share } = entry;
		const what = 'needs "server_id", the id of the server it is attached to: add it';
		const id = server_id ?? onlyKey(servers) ?? fault("shares", entry, [], what);
		if (!servers.has(id)) fault("shares", entry, ["server_id"], unknown("server", id, servers));
		add(shares, id, share);
	}
	return shares;
}

/** What missing members of a port are derived from. */
interface Surroundings {
	readonly merged: Merged;
	readonly subnets: ReadonlyMap<string, KnownSubnet>;
	readonly subnetsOf: Multimap<KnownSubnet>;
	/** The subnets of any network that an address lies in. */
	readonly subnetsAround: (address: string) => readonly KnownSubnet[];
	readonly deviceOf: (port: PortEntry) => string;
	readonly macOf: (port: PortEntry) => string;
	readonly fault: Fault;
}

/**
 * Every port with its network, the subnets of its addresses, its instance and its MAC address, by id.
 *
 * @throws GuestwireError `inventory` if one of them is unknown, ambiguous, or contradicts another
 */
export function completePorts(
	merged: Merged,
	subnets: ReadonlyMap<string, KnownSubnet>,
	fault: Fault,
): Map<string, PortFacts> {
	const subnetsOf = groupBy(subnets.values(), ({ facts }) => facts.network_id);
	const trunks = [...merged.trunks.values()];
	const subportIds = new Set(trunks.flatMap(({ sub_ports }) => sub_ports.map(({ port_id }) => port_id)));
	const subnetsAround = subnetFinder(subnets);
	const deviceOf = deviceFinder(merged, subportIds, fault);
	const macOf = macFinder(merged, deviceOf, fault);
	const surroundings = { merged, subnets, subnetsOf, subnetsAround, deviceOf, macOf, fault };
	return new Map(Iterator.from(merged.ports.values()).map((entry) => [entry.id, completePort(entry, surroundings)]));
}

function completePort(entry: PortEntry, surroundings: Surroundings): PortFacts {
	const network_id = networkOf(entry, surroundings);
	const isComplete = entry.fixed_ips.every(({ subnet_id }) => subnet_id !== undefined);
	const subnetIds = entry.fixed_ips.map((_, index) => subnetOf(entry, index, network_id, surroundings));
	return complete<PortEntry, PortFacts>(entry, {
		network_id,
		device_id: surroundings.deviceOf(entry),
		mac_address: surroundings.macOf(entry),
		...(!isComplete && {
			fixed_ips: entry.fixed_ips.map((fixedIp, index) => ({ ...fixedIp, subnet_id: subnetIds[index] ?? "" })),
		}),
	});
}

/** One look-up per prefix length, not per subnet, because there may be thousands of ports. */
function subnetFinder(subnets: ReadonlyMap<string, KnownSubnet>): Surroundings["subnetsAround"] {
	const key = (cidr: Cidr | undefined) => cidr && `${cidr.network}/${cidr.prefixLength}`;
	const byCidr = groupBy(subnets.values(), ({ cidr }) => key(cidr) ?? null);
	const lengths = new Set(Array.from(subnets.values(), ({ cidr }) => cidr.prefixLength));
	return (address) => [...lengths].flatMap((bits) => all(byCidr, key(parseCidr(`${address}/${bits}`)) ?? ""));
}

/** Returns the entry itself if nothing is missing, as in APIs' answers: copies would take twice the memory. */
function complete<E extends object, F extends E>(entry: E, found: Partial<F>): F {
	const lacks = (Object.keys(found) as (keyof F & keyof E)[]).some((member) => entry[member] !== found[member]);
	return (lacks ? { ...entry, ...found } : entry) as F;
}

function networkOf(entry: PortEntry, { merged, subnets, subnetsAround, fault }: Surroundings): string {
	if (entry.network_id !== undefined) {
		if (merged.networks.has(entry.network_id)) return entry.network_id;
		return fault("ports", entry, ["network_id"], unknown("network", entry.network_id, merged.networks));
	}
	const named = entry.fixed_ips.flatMap(({ subnet_id }) => subnets.get(subnet_id ?? "")?.facts.network_id ?? []);
	const containing = entry.fixed_ips.flatMap(({ ip_address }) =>
		subnetsAround(ip_address).map(({ facts }) => facts.network_id),
	);
	const candidates = new Set(named.length > 0 ? named : containing);
	const [only, ...more] = candidates;
	const network = candidates.size === 0 ? onlyKey(merged.networks) : more.length === 0 ? only : undefined;
	return network ?? fault("ports", entry, [], missingNetwork(merged));
}

function subnetOf(
	entry: PortEntry,
	index: number,
	networkId: string,
	{ subnets, subnetsOf, fault }: Surroundings,
): string {
	const { ip_address: address, subnet_id: named } = entry.fixed_ips[index] as PortEntry["fixed_ips"][number];
	const place = ["fixed_ips", index] as const;
	const ofNetwork = all(subnetsOf, networkId);
	if (named === undefined) {
		const [only, ...more] = ofNetwork.filter(({ cidr }) => cidrContains(cidr, address));
		if (only && more.length === 0) return only.facts.id;
		const what = only ? "is in several subnets" : "is in no subnet";
		return fault("ports", entry, place, `${address} ${what} of network "${networkId}": add "subnet_id"`);
	}
	const subnet = subnets.get(named);
	if (!subnet) return fault("ports", entry, [...place, "subnet_id"], unknown("subnet", named, subnets));
	if (subnet.facts.network_id !== networkId) {
		const what = `subnet "${named}" is on network "${subnet.facts.network_id}", the port on "${networkId}"`;
		return fault("ports", entry, [...place, "subnet_id"], `${what}: correct one of them`);
	}
	if (address !== "" && !cidrContains(subnet.cidr, address)) {
		const what = `${address} is outside subnet "${named}" (${subnet.facts.cidr})`;
		return fault("ports", entry, [...place, "ip_address"], `${what}: correct one of them`);
	}
	return named;
}

function deviceFinder(merged: Merged, subportIds: ReadonlySet<string>, fault: Fault): (entry: PortEntry) => string {
	const onNode = nodeInstanceFinder(merged);
	return (entry) => {
		// A subport reaches its parent's instance as a VLAN: naming that instance does not make it a second NIC.
		if (subportIds.has(entry.id)) return "";
		if (entry.device_id) return entry.device_id;
		if (!isInstanceNic(entry)) return "";
		// Ironic does not write the device of the ports that it attaches.
		const instance = onNode(entry);
		if (instance !== undefined) return instance;
		if (entry.device_id !== undefined) return entry.device_id;
		const what = 'needs "device_id", the id of the instance it belongs to: add it';
		return onlyKey(merged.servers) ?? fault("ports", entry, [], what);
	};
}

function onlyKey(map: ReadonlyMap<string, unknown>): string | undefined {
	return map.size === 1 ? map.keys().next().value : undefined;
}

function missingNetwork({ networks }: Merged): string {
	return `needs "network_id", because there are ${networks.size} networks: add it`;
}

/** The message for an id that does not exist. */
export function unknown(kind: string, id: string, known: ReadonlyMap<string, unknown>): string {
	return `there is no ${kind} "${id}" in the inventory: add it, or ${suggest(id, [...known.keys()])}`;
}
