/** Answers the questions of the `Source` interface from an inventory. */
import { GuestwireError } from "../../errors.ts";
import { emptyFacts } from "../../instance/empty-facts.ts";
import type { InstanceFacts, KeypairFacts, PortFacts, ServerFacts } from "../../instance/facts.ts";
import { keyNamesOf } from "../../instance/keypairs.ts";
import { macAlone, matchesQuery, ownerOf, ownersOfNic, queriedNetworks } from "../ownership.ts";
import type { InstanceSummary, Owner, PortQuery } from "../source.ts";
import type { Inventory } from "./inventory.ts";
import { all } from "./multimap.ts";

/**
 * All facts of an instance; undefined if the inventory has no such instance.
 *
 * @throws GuestwireError `inventory`: its node can't be read
 */
export function factsOf(inventory: Inventory, id: string): InstanceFacts | undefined {
	const problem = inventory.unreadable.get(id);
	if (problem !== undefined) throw new GuestwireError("inventory", problem);
	const server = inventory.servers.get(id);
	if (server === undefined) return undefined;
	const keypairs = keyNamesOf(server).flatMap((name) => keypairOf(inventory, name, server) ?? []);
	return {
		...emptyFacts(id),
		server,
		...(keypairs.length > 0 && { keypairs }),
		...(server.dedicated_cpus && { dedicatedCpus: server.dedicated_cpus }),
		...(inventory.novaMicroversion && { novaMicroversion: inventory.novaMicroversion }),
		...portFactsOf(inventory, all(inventory.portsByDevice, id)),
		volumeAttachments: all(inventory.volumeAttachments, id),
		...(inventory.shares.has(id) && { shares: all(inventory.shares, id) }),
		...hardwareOf(inventory, id),
	};
}

/** The ports and everything they refer to, subports included. */
function portFactsOf(inventory: Inventory, ports: readonly PortFacts[]): Partial<InstanceFacts> {
	const trunks = ports.flatMap((port) => all(inventory.trunks, port.id));
	const subportIds = trunks.flatMap(({ sub_ports }) => sub_ports.map(({ port_id }) => port_id));
	const subports = found(inventory.ports, subportIds);
	const everyPort = [...ports, ...subports];
	const networkIds = unique(everyPort.map(({ network_id }) => network_id));
	const subnetIds = unique(everyPort.flatMap(({ fixed_ips }) => fixed_ips.map(({ subnet_id }) => subnet_id)));
	const portIds = ports.map(({ id }) => id);
	return {
		ports,
		subports,
		trunks,
		networks: found(inventory.networks, networkIds),
		subnets: found(inventory.subnets, subnetIds).map(({ facts }) => facts),
		dhcpPorts: networkIds.flatMap((networkId) => all(inventory.dhcpPorts, networkId)),
		floatingIps: everyPort.flatMap((port) => all(inventory.floatingIps, port.id)),
		securityGroups: found(inventory.securityGroups, unique(everyPort.flatMap((port) => port.security_groups))),
		interfaceAttachments: found(inventory.interfaceAttachments, portIds),
	};
}

/** A key pair of the server. Key pairs belong to users; where the files name no user, the only one with the name is meant. */
function keypairOf(inventory: Inventory, name: string, { user_id }: ServerFacts): KeypairFacts | undefined {
	const named = all(inventory.keypairs, name);
	const [possible, ...more] = named.filter((keypair) => (keypair.user_id ?? user_id) === (user_id ?? keypair.user_id));
	return named.find((keypair) => keypair.user_id === user_id) ?? (more.length === 0 ? possible : undefined);
}

function found<V>(map: ReadonlyMap<string, V>, keys: readonly string[]): V[] {
	return keys.flatMap((key) => map.get(key) ?? []);
}

function unique(texts: readonly string[]): string[] {
	return [...new Set(texts)];
}

/** See `Source.owners`. A subport belongs to the instance of its trunk's parent port. */
export function ownersOf(inventory: Inventory, query: PortQuery): Owner[] {
	const { routerId } = query;
	const ofRouter = routerId === undefined ? [] : all(inventory.portsByDevice, routerId.toLowerCase());
	const networks = queriedNetworks(query, ofRouter);
	const owners = candidates(inventory, query)
		.filter((port) => matchesQuery(port, query) && (networks === undefined || networks.includes(port.network_id)))
		.flatMap((port) => {
			const nic = inventory.ports.get(inventory.parents.get(port.id) ?? port.id);
			return (nic && ownerOf(port, nic)) ?? [];
		});
	return owners.length > 0 ? owners : ownersByNic(inventory, query, networks);
}

function ownersByNic(inventory: Inventory, query: PortQuery, networks: readonly string[] | undefined): Owner[] {
	const macAddress = macAlone(query);
	const id = macAddress === undefined ? undefined : inventory.instancesByNic.get(macAddress);
	if (macAddress === undefined || id === undefined) return [];
	const ports = all(inventory.portsByDevice, id);
	return ownersOfNic({ id, ports, ...hardwareOf(inventory, id) }, macAddress, networks);
}

function hardwareOf(inventory: Inventory, id: string): Pick<InstanceFacts, "bareMetalPorts" | "portGroups"> {
	const nodeIds = all(inventory.nodes, id).map(({ uuid }) => uuid);
	return {
		bareMetalPorts: nodeIds.flatMap((node) => all(inventory.bareMetalPorts, node)),
		portGroups: nodeIds.flatMap((node) => all(inventory.portGroups, node)),
	};
}

/** A query with neither an address nor a MAC address does not describe a guest: nothing matches. */
function candidates(inventory: Inventory, { address, macAddress }: PortQuery): readonly PortFacts[] {
	if (address !== undefined) return all(inventory.portsByAddress, address);
	return macAddress === undefined ? [] : all(inventory.portsByMac, macAddress);
}

/** Every instance of the inventory, in its order. */
export function summariesOf(inventory: Inventory): InstanceSummary[] {
	return Array.from(inventory.servers.values(), ({ id, name, tenant_id: projectId }) => ({
		id,
		name,
		...(projectId !== undefined && { projectId }),
	}));
}
