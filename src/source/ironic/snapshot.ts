/** Everything that Ironic has, at one moment. */

import { GuestwireError } from "../../errors.ts";
import { emptyFacts } from "../../instance/empty-facts.ts";
import type { InstanceFacts } from "../../instance/facts.ts";
import { instanceIdOf } from "../../instance/node-facts.ts";
import { attachedPort } from "../../instance/port-group.ts";
import type { UnreadableResource } from "../remote-source.ts";
import type { Resource, ResourceKind } from "../resource.ts";
import type { Ironic } from "./ironic.ts";
import { resourcesOfNode } from "./node-resources.ts";
import type { FindFacts } from "./node-wiring.ts";
import { listNodes, type NodeRecord } from "./nodes.ts";

export interface Snapshot {
	/** When the first request was sent, in milliseconds since 1970. */
	readonly requestedAt: number;
	readonly instances: readonly InstanceFacts[];
	/** By kind and id, in the order of ids. */
	readonly resources: ReadonlyMap<ResourceKind, ReadonlyMap<string, Resource>>;
	/** Servers whose node can't be read. */
	readonly unreadable: readonly UnreadableServer[];
}

export interface UnreadableServer extends UnreadableResource {
	/** The UUIDs of the node and its parts: ids of resources contain one of them. */
	readonly uuids: readonly string[];
}

/** Whether a resource that the snapshot lacks may exist: it belongs to a node that can't be read. */
export function mayExist({ unreadable }: Snapshot, id: string): boolean {
	return unreadable.some((server) => server.id === id || server.uuids.some((uuid) => id.includes(uuid)));
}

export interface Snapshots {
	/** One that was requested after the call. Calls that wait for one share it. */
	next(): Promise<Snapshot>;
	/** One that is at most `maxAge` milliseconds old. */
	recent(maxAge: number): Promise<Snapshot>;
}

/**
 * @param findIronic undefined: there is none, and the snapshots are empty
 * @param findFacts undefined: only Ironic's own resources are wanted
 */
export function createSnapshots(
	findIronic: () => Promise<Ironic | undefined>,
	findFacts: FindFacts | undefined,
): Snapshots {
	let running: Promise<Snapshot> | undefined;
	let waiting: Promise<Snapshot> | undefined;
	let last: Snapshot | undefined;

	function start(): Promise<Snapshot> {
		const taken = takeSnapshot(findIronic, findFacts).then((snapshot) => {
			last = snapshot;
			return snapshot;
		});
		running = taken;
		const end = () => {
			if (running === taken) running = undefined;
		};
		taken.then(end, end);
		return taken;
	}

	function next(): Promise<Snapshot> {
		if (running === undefined) return start();
		waiting ??= running
			.catch(() => {})
			.then(() => {
				waiting = undefined;
				return start();
			});
		return waiting;
	}

	return {
		next,
		async recent(maxAge) {
			const age = Date.now() - (last?.requestedAt ?? Number.NEGATIVE_INFINITY);
			// One that lies ahead is from before the clock was put back.
			if (last !== undefined && age >= 0 && age <= maxAge) return last;
			return running ?? next();
		},
	};
}

async function takeSnapshot(
	findIronic: () => Promise<Ironic | undefined>,
	findFacts: FindFacts | undefined,
): Promise<Snapshot> {
	const requestedAt = Date.now();
	const ironic = await findIronic();
	const { records, unreadable } = ironic === undefined ? NO_NODES : await listNodes(ironic);
	const odd: UnreadableServer[] = unreadable.map(({ uuid, instanceId, parts, error }) => ({
		kind: "server",
		id: instanceId,
		uuids: [uuid, ...parts],
		reason: error.message,
	}));
	const instances: InstanceFacts[] = [];
	const resources = new Map<ResourceKind, Map<string, Resource>>();
	const results = await Promise.allSettled(records.map(findFacts ?? hardwareAlone));
	for (const [at, result] of results.entries()) {
		const { node, ports, portGroups } = records[at] as NodeRecord;
		if (result.status === "rejected") {
			const parts = [...ports, ...portGroups];
			const uuids = [node.uuid, ...parts.flatMap((part) => [part.uuid, attachedPort(part) ?? part.uuid])];
			odd.push({ kind: "server", id: instanceIdOf(node), uuids, reason: reasonOf(result.reason) });
			continue;
		}
		instances.push(result.value);
		for (const resource of resourcesOfNode(node, result.value, requestedAt)) {
			const ofKind = resources.get(resource.kind) ?? new Map<string, Resource>();
			resources.set(resource.kind, ofKind.set(resource.id, resource));
		}
	}
	for (const [kind, ofKind] of resources) resources.set(kind, inOrderOfIds(ofKind));
	return { requestedAt, instances, resources, unreadable: odd };
}

function inOrderOfIds<T>(byId: ReadonlyMap<string, T>): Map<string, T> {
	return new Map([...byId].sort(([a], [b]) => (a < b ? -1 : 1)));
}

const NO_NODES = { records: [], unreadable: [] };

/** The rest comes from Neutron and Nova. */
async function hardwareAlone({ node, ports, portGroups }: NodeRecord): Promise<InstanceFacts> {
	return { ...emptyFacts(instanceIdOf(node)), bareMetalPorts: ports, portGroups };
}

/** @throws the error if it is not about one node: then Neutron can't be reached, say */
function reasonOf(error: unknown): string {
	if (error instanceof GuestwireError && error.code === "cloud-answer") return error.message;
	throw error;
}
