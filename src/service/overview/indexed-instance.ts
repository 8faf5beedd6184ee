/** What the overview keeps of each instance in memory: enough to find it and to recognize who nearly was it. */
import type { Instance, Port } from "../../instance/instance.ts";
import type { Change, InstanceSummary } from "../../source/source.ts";

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

/** Whether a change concerns the documents of an instance; undefined if the index can't tell. */
export function isAffected({ id, ports }: IndexedInstance, { kind, ids }: Change): boolean | undefined {
	switch (kind) {
		case "everything":
			return true;
		case "server":
			return ids.includes(id);
		case "port":
			return ports.some((port) => ids.includes(port.id));
		case "network":
			return ports.some((port) => ids.includes(port.networkId));
		case "subnet":
			return ports.some((port) => port.subnetIds.some((subnet) => ids.includes(subnet)));
		case "address":
			return ports.some((port) => ids.includes(port.macAddress) || port.addresses.some((one) => ids.includes(one)));
		default:
			return undefined;
	}
}
