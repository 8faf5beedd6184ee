/** Answers to the questions of the Source interface, from an inventory. */
import type { InstanceFacts, KeypairFacts, PortFacts, ServerFacts } from "../../instance/facts.ts";
import { ownerOf } from "../ownership.ts";
import type { InstanceSummary, Owner, PortQuery } from "../source.ts";
import type { Inventory } from "./inventory.ts";
import { all } from "./multimap.ts";

/** All facts of an instance; undefined when the inventory has none of that id. */
export function factsOf(inventory: Inventory, id: string): InstanceFacts | undefined {
	if (!inventory.servers.has(id)) return undefined;
	const server = inventory.servers.get(id) ?? impliedServer(id);
	const keypair = keypairOf(inventory, server);
	const ports = all(inventory.portsByDevice, id);
	const trunks = ports.flatMap((port) => all(inventory.trunks, port.id));
	const subportIds = trunks.flatMap(({ sub_ports }) => sub_ports.map(({ port_id }) => port_id));
	const subports = found(inventory.ports, subportIds);
	const everyPort = [...ports, ...subports];
	const networkIds = unique(everyPort.map(({ network_id }) => network_id));
	const subnetIds = unique(everyPort.flatMap(({ fixed_ips }) => fixed_ips.map(({ subnet_id }) => subnet_id)));
	const nodeIds = all(inventory.nodes, id).map(({ uuid }) => uuid);
	return {
		id,
		server,
		...(keypair && { keypair }),
		ports,
		subports,
		trunks,
		networks: found(inventory.networks, networkIds),
		subnets: found(inventory.subnets, subnetIds).map(({ facts }) => facts),
		dhcpPorts: networkIds.flatMap((networkId) => all(inventory.dhcpPorts, networkId)),
		floatingIps: everyPort.flatMap((port) => all(inventory.floatingIps, port.id)),
		securityGroups: found(inventory.securityGroups, unique(everyPort.flatMap((port) => port.security_groups))),
		interfaceAttachments: found(
			inventory.interfaceAttachments,
			ports.map((port) => port.id),
		),
		volumeAttachments: all(inventory.volumeAttachments, id),
		bareMetalPorts: nodeIds.flatMap((node) => all(inventory.bareMetalPorts, node)),
		portGroups: nodeIds.flatMap((node) => all(inventory.portGroups, node)),
	};
}

/** The record of an instance that only ports name. */
function impliedServer(id: string): ServerFacts {
	return { id, name: id, metadata: {}, addresses: {}, security_groups: [] };
}

/** Key pairs belong to users; where files don't say whose one is, the only one of its name is meant. */
function keypairOf(inventory: Inventory, { key_name, user_id }: ServerFacts): KeypairFacts | undefined {
	const named = all(inventory.keypairs, key_name ?? "");
	const [possible, ...more] = named.filter((keypair) => (keypair.user_id ?? user_id) === (user_id ?? keypair.user_id));
	return named.find((keypair) => keypair.user_id === user_id) ?? (more.length === 0 ? possible : undefined);
}

function found<V>(map: ReadonlyMap<string, V>, keys: readonly string[]): V[] {
	return keys.flatMap((key) => map.get(key) ?? []);
}

function unique(texts: readonly string[]): string[] {
	return [...new Set(texts)];
}

/** See `Source.owners`. A subport is its trunk's parent port's instance's. */
export function ownersOf(inventory: Inventory, query: PortQuery): Owner[] {
	const { address, macAddress, networkId, routerId } = query;
	const routed = routerId === undefined ? undefined : networksOfRouter(inventory, routerId);
	const matching = candidates(inventory, query).filter(
		(port) =>
			(address === undefined || port.fixed_ips.some(({ ip_address }) => ip_address === address)) &&
			(macAddress === undefined || port.mac_address === macAddress) &&
			(networkId === undefined || port.network_id === networkId) &&
			(routed === undefined || routed.has(port.network_id)),
	);
	return matching.flatMap((port) => {
		const nic = inventory.ports.get(inventory.parents.get(port.id) ?? port.id);
		return (nic && ownerOf(port, nic)) ?? [];
	});
}

/** A query without an address and a MAC address is no description of a guest: nobody matches. */
function candidates(inventory: Inventory, { address, macAddress }: PortQuery): readonly PortFacts[] {
	if (address !== undefined) return all(inventory.portsByAddress, address);
	return macAddress === undefined ? [] : all(inventory.portsByMac, macAddress);
}

/** A router's interfaces in whatever kind of router; its gateway port is none (neutron_lib, ROUTER_INTERFACE_OWNERS). */
const ROUTER_INTERFACES = new Set([
	"network:router_interface",
	"network:router_interface_distributed",
	"network:ha_router_replicated_interface",
]);

function networksOfRouter(inventory: Inventory, routerId: string): Set<string> {
	const ports = all(inventory.portsByDevice, routerId.toLowerCase());
	return new Set(ports.filter((port) => ROUTER_INTERFACES.has(port.device_owner)).map((port) => port.network_id));
}

export function summariesOf(inventory: Inventory): InstanceSummary[] {
	return Array.from(inventory.servers, ([id, server]) => {
		const projectId = server?.tenant_id;
		return { id, name: server?.name ?? id, ...(projectId !== undefined && { projectId }) };
	});
}
