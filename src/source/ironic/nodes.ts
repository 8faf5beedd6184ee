/** Nodes with their ports and port groups. An invalid record affects only its node. */

import { GuestwireError } from "../../errors.ts";
import { BareMetalNodeFacts, BareMetalPortFacts, PortGroupFacts } from "../../instance/bare-metal-facts.ts";
import { instanceIdOf } from "../../instance/node-facts.ts";
import type { NodeHardware } from "../../instance/node-nics.ts";
import { type Reader, reader } from "../api/answers.ts";
import type { Answered } from "../api/api.ts";
import { withoutClaimedVif } from "../ownership.ts";
import type { Ironic } from "./ironic.ts";

/** A node and its hardware, as Ironic has them. */
export interface NodeRecord extends NodeHardware {
	readonly node: BareMetalNodeFacts;
}

/** A node of which something can't be read. */
export interface UnreadableNode {
	readonly uuid: string;
	/** Lower case. */
	readonly instanceId: string;
	/** The UUIDs of its ports and port groups. */
	readonly parts: readonly string[];
	readonly error: GuestwireError;
}

export interface Nodes {
	readonly records: readonly NodeRecord[];
	readonly unreadable: readonly UnreadableNode[];
}

const readNode = reader(BareMetalNodeFacts);
const readAnyPort = reader(BareMetalPortFacts);
const readAnyGroup = reader(PortGroupFacts);
const readPort: typeof readAnyPort = (value, where) => withoutClaimedVif(readAnyPort(value, where));
const readGroup: typeof readAnyGroup = (value, where) => withoutClaimedVif(readAnyGroup(value, where));

/** All nodes. */
export async function listNodes(ironic: Ironic): Promise<Nodes> {
	const [nodes, ports, groups] = await Promise.all([
		ironic.list("nodes"),
		ironic.list("ports"),
		ironic.list("portgroups"),
	]);
	return assembleNodes(nodes, ports, groups);
}

/** The node on which an instance runs, or that has the id itself. Undefined if there is none. */
export async function findNode(ironic: Ironic, instanceId: string): Promise<NodeRecord | undefined> {
	const running = await findRunning(ironic, instanceId);
	if (running !== undefined) return recordOf(ironic, running);
	const own = await ironic.node(instanceId);
	// A node with an instance is found by the instance's id alone, so that one instance has one id.
	if (own === undefined || readNode(own.value, own.where).instance_uuid) return undefined;
	return recordOf(ironic, own);
}

/** The NICs and bonds of the node on which an instance runs; undefined if Ironic has no such node. */
export async function findHardware(ironic: Ironic, instanceId: string): Promise<NodeHardware | undefined> {
	const running = await findRunning(ironic, instanceId);
	return running && recordOf(ironic, running);
}

/** The instance on the node with this NIC, and the node's hardware. Undefined if there is none. */
export async function findByNic(
	ironic: Ironic,
	macAddress: string,
): Promise<(NodeHardware & { readonly id: string }) | undefined> {
	const [nic] = await ironic.list("ports", [["address", macAddress]]);
	const own = nic && (await ironic.node(readPort(nic.value, nic.where).node_uuid));
	const record = own && (await recordOf(ironic, own));
	return record?.node.instance_uuid ? { ...record, id: instanceIdOf(record.node) } : undefined;
}

async function findRunning(ironic: Ironic, instanceId: string): Promise<Answered | undefined> {
	const [running] = await ironic.list("nodes", [["instance_uuid", instanceId]]);
	return running;
}

/** A node with its hardware. */
async function recordOf(ironic: Ironic, own: Answered): Promise<NodeRecord | undefined> {
	const ofNode = [["node", readNode(own.value, own.where).uuid]] as const;
	const [ports, groups] = await Promise.all([ironic.list("ports", ofNode), ironic.list("portgroups", ofNode)]);
	const { records, unreadable } = assembleNodes([own], ports, groups);
	const [failed] = unreadable;
	if (failed !== undefined) throw failed.error;
	return records[0];
}

function assembleNodes(nodes: readonly Answered[], ports: readonly Answered[], groups: readonly Answered[]): Nodes {
	const portsOf = byNode(ports, readPort);
	const groupsOf = byNode(groups, readGroup);
	const records: NodeRecord[] = [];
	const unreadable: UnreadableNode[] = [];
	for (const answer of nodes) {
		const [uuid = "unknown", instance] = [textMember(answer, "uuid"), textMember(answer, "instance_uuid")];
		const of = <T>(parts: ReadonlyMap<string, T[] | GuestwireError>): T[] => {
			const found = parts.get(uuid) ?? [];
			if (found instanceof GuestwireError) throw found;
			return found;
		};
		try {
			const node = readNode(answer.value, answer.where);
			const nics = of(portsOf).map((port, position) => ({ ...port, position }));
			records.push({ node, ports: nics, portGroups: of(groupsOf) });
		} catch (error) {
			if (!(error instanceof GuestwireError)) throw error;
			const parts = [...ports, ...groups].filter((part) => textMember(part, "node_uuid") === uuid);
			const uuids = parts.flatMap((part) => textMember(part, "uuid") ?? []);
			unreadable.push({
				uuid,
				error,
				parts: uuids,
				instanceId: instanceIdOf({ uuid, instance_uuid: instance ?? null }),
			});
		}
	}
	return { records, unreadable };
}

/** The records of each node, or the error of the first one that can't be read. */
function byNode<T>(answers: readonly Answered[], read: Reader<T>): Map<string, T[] | GuestwireError> {
	const found = new Map<string, T[] | GuestwireError>();
	for (const answer of answers) {
		const uuid = textMember(answer, "node_uuid");
		if (uuid === undefined) continue;
		const others = found.get(uuid) ?? [];
		if (others instanceof GuestwireError) continue;
		const record = attempt(() => read(answer.value, answer.where));
		found.set(uuid, record instanceof GuestwireError ? record : [...others, record]);
	}
	return found;
}

function attempt<T>(read: () => T): T | GuestwireError {
	try {
		return read();
	} catch (error) {
		if (error instanceof GuestwireError) return error;
		throw error;
	}
}

function textMember({ value }: Answered, name: string): string | undefined {
	const member = (value as Readonly<Record<string, unknown>> | null)?.[name];
	return typeof member === "string" ? member : undefined;
}
