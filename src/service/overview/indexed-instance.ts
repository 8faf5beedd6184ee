/** What the overview keeps of each instance in memory: enough to find it and to recognize who nearly was it. */
import { getOrInsert } from "../../get-or-insert.ts";
import type { Instance, Port } from "../../instance/instance.ts";
import type { Change, ChangeKind, InstanceSummary } from "../../source/source.ts";

export interface IndexedPort {
	readonly id: string;
	readonly macAddress: string;
	readonly networkId: string;
	readonly networkName: string;
	readonly addresses: readonly string[];
	readonly subnetIds: readonly string[];
}

export interface IndexedInstance extends InstanceSummary {
	/** Subports included. Empty if the source does not say without a request. */
	readonly ports: readonly IndexedPort[];
	/** Everything that a search finds it by, in lower case. */
	readonly text: string;
}

/**
 * Arrays from `flatMap` have spare capacity: for two addresses, three times the memory. What is kept is an exact copy.
 *
 * @param summary as the source lists it
 */
export function indexedInstance(summary: InstanceSummary, instance: Instance | undefined): IndexedInstance {
	const ports = (instance?.ports ?? []).flatMap((port) => [
		indexedPort(port),
		...(port.trunk?.subports ?? []).map((subport) => indexedPort(subport.port)),
	]);
	const { id } = summary;
	const name = instance?.server?.name ?? summary.name;
	const projectId = summary.projectId ?? instance?.projectId;
	const words = ports.flatMap(({ macAddress, networkId, networkName, addresses }) => [
		...addresses,
		macAddress,
		networkName,
		networkId,
	]);
	const text = [...new Set([name, id, projectId ?? "", ...words])].join("\n").toLowerCase();
	return { id, name, ...(projectId !== undefined && { projectId }), ports: ports.slice(), text };
}

function indexedPort({ id, macAddress, network, fixedIps }: Port): IndexedPort {
	return {
		...{ id, macAddress, networkId: network.id, networkName: network.name },
		addresses: fixedIps.flatMap(({ address }) => address ?? []).slice(),
		subnetIds: fixedIps.map(({ subnet }) => subnet.id),
	};
}

/** The ids of changed resources, by kind. */
export type ChangedIds = ReadonlyMap<ChangeKind, ReadonlySet<string>>;

/** In no document: which port has an address, and which networks a router serves. */
const UNRELATED: ReadonlySet<ChangeKind> = new Set(["address", "router"]);

/** Adds what a change names. A file that is rewritten may change every instance: ids are looked up, not searched for. */
export function addChange(changed: Map<ChangeKind, Set<string>>, { kind, ids }: Change): void {
	if (UNRELATED.has(kind)) return;
	const known = getOrInsert(changed, kind, () => new Set<string>());
	for (const id of ids) known.add(id);
}

/** The kinds of change for which the index knows which instances they concern. */
const KNOWN_KINDS: ReadonlySet<ChangeKind> = new Set(["everything", "server", "port", "network", "subnet"]);

/** Whether there is a change that may concern the documents of any instance. */
export function concernsAny(changed: ChangedIds): boolean {
	return [...changed.keys()].some((kind) => !KNOWN_KINDS.has(kind));
}

/** Whether one of the changes that the index can judge concerns the documents of an instance. */
export function isAffected({ id, ports }: IndexedInstance, changed: ChangedIds): boolean {
	const has = (kind: ChangeKind, id: string) => changed.get(kind)?.has(id) ?? false;
	if (changed.has("everything") || has("server", id)) return true;
	return ports.some(
		(port) =>
			has("port", port.id) || has("network", port.networkId) || port.subnetIds.some((subnet) => has("subnet", subnet)),
	);
}
