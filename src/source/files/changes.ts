/** What differs between two states of an inventory, record by record. */
import { isDeepStrictEqual } from "node:util";
import type { PortFacts } from "../../instance/facts.ts";
import { keyNamesOf } from "../../instance/keypairs.ts";
import { ownerOf, ROUTER_INTERFACE_OWNERS } from "../ownership.ts";
import type { Change, ChangeKind } from "../source.ts";
import type { Inventory } from "./inventory.ts";
import { all } from "./multimap.ts";

/** Every change between two states. A record that is read again and says the same has not changed. */
export function changesBetween(before: Inventory, after: Inventory): Change[] {
	const states = [before, after] as const;
	const changed = <V>(of: (inventory: Inventory) => ReadonlyMap<string, V>) => changedKeys(of(before), of(after));
	const ports = changed((inventory) => inventory.ports);
	const trunkPorts = changed((inventory) => inventory.trunks);
	const changes: [ChangeKind, Iterable<string>][] = [
		["server", changed((inventory) => inventory.servers)],
		["server", changed((inventory) => inventory.volumeAttachments)],
		["server", changed((inventory) => inventory.shares)],
		[
			"server",
			serversWithKeypairs(
				states,
				changed((inventory) => inventory.keypairs),
			),
		],
		["server", serversOnNodes(states)],
		["server", before.novaMicroversion === after.novaMicroversion ? [] : after.servers.keys()],
		["server", serversOfMovedPorts(states, ports)],
		["port", [...ports, ...trunkPorts]],
		["port", changed((inventory) => inventory.floatingIps)],
		["port", changed((inventory) => inventory.interfaceAttachments)],
		[
			"port",
			portsInGroups(
				states,
				changed((inventory) => inventory.securityGroups),
			),
		],
		["network", [...changed((inventory) => inventory.networks), ...changed((inventory) => inventory.dhcpPorts)]],
		["subnet", changed((inventory) => inventory.subnets)],
		["router", routersOf(states, ports)],
		["address", reassignedAddresses(states, new Set([...ports, ...trunkPorts]))],
	];
	const idsByKind = Map.groupBy(changes, ([kind]) => kind);
	return Array.from(idsByKind, ([kind, some]) => ({
		kind,
		ids: [...new Set(some.flatMap(([, ids]) => [...ids]))],
	})).filter(({ ids }) => ids.length > 0);
}

type States = readonly [before: Inventory, after: Inventory];

/** The keys that stand for something else than before, or for nothing any more. */
function changedKeys<V>(before: ReadonlyMap<string, V>, after: ReadonlyMap<string, V>): string[] {
	const isChanged = (key: string) => {
		const [a, b] = [before.get(key), after.get(key)];
		return a !== b && !isDeepStrictEqual(a, b);
	};
	const removed = [...before.keys()].filter((key) => !after.has(key));
	return [...removed, ...[...after.keys()].filter(isChanged)];
}

/** @param names of the changed key pairs */
function serversWithKeypairs(states: States, names: readonly string[]): string[] {
	if (names.length === 0) return [];
	const changed = new Set(names);
	return states.flatMap(({ servers }) =>
		[...servers.values()].flatMap((server) =>
			keyNamesOf(server).some((name) => changed.has(name)) ? [server.id] : [],
		),
	);
}

/** The ports in the changed security groups: an instance does not know a group that was missing so far. */
function portsInGroups(states: States, groupIds: readonly string[]): string[] {
	if (groupIds.length === 0) return [];
	const changed = new Set(groupIds);
	return states.flatMap(({ ports }) =>
		[...ports.values()].flatMap(({ id, security_groups }) =>
			security_groups.some((it) => changed.has(it)) ? [id] : [],
		),
	);
}

/** The servers on bare-metal nodes that changed themselves, or whose ports or port groups did. */
function serversOnNodes(states: States): string[] {
	const [before, after] = states;
	const parts = new Set([
		...changedKeys(before.bareMetalPorts, after.bareMetalPorts),
		...changedKeys(before.portGroups, after.portGroups),
	]);
	const isChanged = (uuids: readonly string[]) => uuids.some((uuid) => parts.has(uuid));
	const behind = states.flatMap(({ nodes }) =>
		[...nodes.keys()].filter((id) => isChanged(all(nodes, id).map(({ uuid }) => uuid))),
	);
	return [...changedKeys(before.nodes, after.nodes), ...behind];
}

/** The servers that a port has come to or left. */
function serversOfMovedPorts([before, after]: States, portIds: readonly string[]): string[] {
	const deviceOf = (port: PortFacts | undefined) => port && [port.device_id, port.device_owner, port.project_id];
	return portIds.flatMap((id) => {
		const [old, current] = [before.ports.get(id), after.ports.get(id)];
		if (isDeepStrictEqual(deviceOf(old), deviceOf(current))) return [];
		return [old?.device_id, current?.device_id].flatMap((device) => device || []);
	});
}

/** The routers whose interfaces are among the ports. */
function routersOf(states: States, portIds: readonly string[]): string[] {
	const ports = states.flatMap((inventory) => portIds.flatMap((id) => inventory.ports.get(id) ?? []));
	return ports
		.filter(({ device_owner }) => ROUTER_INTERFACE_OWNERS.includes(device_owner))
		.map(({ device_id }) => device_id);
}

/** The addresses of the ports and of subports behind them that have another owner now. */
function reassignedAddresses(states: States, portIds: ReadonlySet<string>): string[] {
	const ids = new Set(portIds);
	for (const inventory of states)
		for (const id of portIds) for (const subport of subportsOf(inventory, id)) ids.add(subport);
	const [before, after] = states;
	return [...ids].flatMap((id) => changedKeys(ownersByAddress(before, id), ownersByAddress(after, id)));
}

function subportsOf({ trunks }: Inventory, parentId: string): string[] {
	return all(trunks, parentId).flatMap(({ sub_ports }) => sub_ports.map(({ port_id }) => port_id));
}

/** The owner that a port names, by each of its addresses. */
function ownersByAddress({ ports, parents }: Inventory, id: string): Map<string, unknown> {
	const port = ports.get(id);
	const nic = ports.get(parents.get(id) ?? id);
	const owner = port && nic && ownerOf(port, nic);
	const addresses = [...(port?.fixed_ips ?? []).map(({ ip_address }) => ip_address), port?.mac_address ?? ""];
	return new Map(owner === undefined ? [] : addresses.map((address) => [address, owner]));
}
