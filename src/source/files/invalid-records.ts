/** Ironic's records that can't be read, or belong to nothing. Each affects its node, and never the inventory. */
import { canonicalMac } from "../../instance/addresses.ts";
import type { BareMetalNodeFacts, BareMetalPortFacts, PortGroupFacts } from "../../instance/bare-metal-facts.ts";
import { isMap, nonEmptyText } from "../../instance/is-map.ts";
import { attachedPort } from "../../instance/port-group.ts";
import { vifOfIronic, withoutClaimedVif } from "../ownership.ts";
import type { CollectionName } from "./collections.ts";
import { macOfId } from "./mac-addresses.ts";
import type { DescribeFault, Merged } from "./merge.ts";

/** The collections of Ironic's records. */
const IRONIC = ["baremetal_nodes", "baremetal_ports", "portgroups"] as const;
export type IronicCollection = (typeof IRONIC)[number];

export function isIronic(name: CollectionName): name is IronicCollection {
	return IRONIC.some((one) => one === name);
}

/** A record of a file that does not satisfy its schema. */
export interface InvalidRecord {
	readonly collection: IronicCollection;
	/** Among the collection's records in the file, invalid or not. */
	readonly index: number;
	/** Undefined if the record does not say to which node it belongs. */
	readonly nodeUuid: string | undefined;
	/** Identifies it; undefined if it has no id. */
	readonly uuid: string | undefined;
	/** Whether it is without what it belongs to: the node of a port or port group, the instance of a node. */
	readonly isSummary: boolean;
	/** What can be read: where the record is needed to decide whose a port is. */
	readonly readable: Hardware;
	/** One line that begins with the file. */
	readonly problem: string;
}

interface Hardware {
	readonly node?: BareMetalNodeFacts;
	readonly port?: BareMetalPortFacts;
	readonly group?: PortGroupFacts;
}

export function invalidRecordOf(
	{ collection, index, problem }: Pick<InvalidRecord, "collection" | "index" | "problem">,
	value: unknown,
): InvalidRecord {
	const record = isMap(value) ? value : {};
	const uuid = nonEmptyText(record["uuid"]);
	const nodeUuid = collection === "baremetal_nodes" ? uuid : nonEmptyText(record["node_uuid"]);
	const isKnown = uuid !== undefined && nodeUuid !== undefined;
	const readable = isKnown ? readableOf(collection, record, uuid, nodeUuid) : {};
	const isSummary = !((collection === "baremetal_nodes" ? "instance_uuid" : "node_uuid") in record);
	return { collection, index, nodeUuid, uuid, isSummary, readable, problem };
}

function readableOf(
	collection: IronicCollection,
	record: Readonly<Record<string, unknown>>,
	uuid: string,
	node_uuid: string,
): Hardware {
	if (collection === "baremetal_nodes") {
		return { node: { uuid, instance_uuid: nonEmptyText(record["instance_uuid"])?.toLowerCase() ?? null } };
	}
	const mapOf = (member: string) => (isMap(record[member]) ? record[member] : {});
	const vif = attachedPort({ internal_info: mapOf("internal_info"), extra: mapOf("extra") });
	const address = canonicalMac(nonEmptyText(record["address"]) ?? "");
	const common = { uuid, node_uuid, internal_info: { tenant_vif_port_id: vif } };
	if (collection === "portgroups") return { group: { ...common, address: address ?? null, properties: {} } };
	const portgroup_uuid = nonEmptyText(record["portgroup_uuid"]) ?? null;
	return { port: { ...common, address: address ?? macOfId(uuid), portgroup_uuid } };
}

interface ValidHardware {
	/** Every port and port group is on a node of these. */
	readonly merged: Merged;
	/** Why a node can't be read, by its UUID. */
	readonly problems: ReadonlyMap<string, string>;
	/** What was left out, one line each. */
	readonly leftOut: readonly string[];
}

/** What is known so far, by UUID. */
interface Found {
	readonly nodes: Map<string, BareMetalNodeFacts>;
	readonly ports: Map<string, BareMetalPortFacts>;
	readonly groups: Map<string, PortGroupFacts>;
	/** As in ValidHardware. */
	readonly problems: Map<string, string>;
	readonly leftOut: string[];
}

/**
 * Finds the nodes made unreadable by invalid records, and leaves out what is on no node of the files: lists of Ironic hide
 * nodes, and not their ports.
 */
export function validHardware(
	given: Merged,
	invalid: readonly InvalidRecord[],
	describe: DescribeFault,
): ValidHardware {
	const found = withReadable(given, invalid);
	leaveOutHidden(found, describe);
	dropClaimedVifs(found);
	const { nodes, ports, groups, problems, leftOut } = found;
	const merged = { ...given, baremetal_nodes: nodes, baremetal_ports: ports, portgroups: groups };
	return { merged, problems, leftOut };
}

/** All records, with what can be read of invalid ones, whose nodes become unreadable. */
function withReadable(given: Merged, invalid: readonly InvalidRecord[]): Found {
	const problems = new Map<string, string>();
	const nodes = new Map(given.baremetal_nodes);
	const ports = new Map(given.baremetal_ports);
	const groups = new Map(given.portgroups);
	const leftOut: string[] = [];
	for (const { collection, nodeUuid, uuid = "", isSummary, readable, problem } of invalid) {
		if (isSummary && given[collection].has(uuid)) continue;
		if (nodeUuid === undefined) leftOut.push(`${problem}; the record is left out`);
		else if (!problems.has(nodeUuid)) problems.set(nodeUuid, problem);
		const { node, port, group } = readable;
		if (node && !nodes.has(node.uuid)) nodes.set(node.uuid, node);
		if (port && !ports.has(port.uuid)) ports.set(port.uuid, port);
		if (group && !groups.has(group.uuid)) groups.set(group.uuid, group);
	}
	return { nodes, ports, groups, problems, leftOut };
}

/** Removes what is on no known node, with one line per node. A port whose group is missing makes its node unreadable. */
function leaveOutHidden({ nodes, ports, groups, problems, leftOut }: Found, describe: DescribeFault): void {
	const hidden = new Set<string>();
	const isHidden = (node: string) => !nodes.has(node);
	const hide = (node: string, describeFirst: (what: string) => string) => {
		if (!hidden.has(node)) leftOut.push(describeFirst(thereIsNo(node)));
		hidden.add(node);
	};
	for (const group of groups.values()) {
		if (!isHidden(group.node_uuid)) continue;
		groups.delete(group.uuid);
		hide(group.node_uuid, (what) => describe("portgroups", group, ["node_uuid"], what));
	}
	for (const port of ports.values()) {
		const { node_uuid, portgroup_uuid: group } = port;
		if (isHidden(node_uuid)) {
			ports.delete(port.uuid);
			hide(node_uuid, (what) => describe("baremetal_ports", port, ["node_uuid"], what));
		} else if (group !== null && !groups.has(group) && !problems.has(node_uuid)) {
			const what = `there is no portgroup "${group}" in the inventory: add it`;
			problems.set(node_uuid, describe("baremetal_ports", port, ["portgroup_uuid"], what));
		}
	}
	for (const [node, problem] of problems)
		if (isHidden(node) && !hidden.has(node)) leftOut.push(`${problem}; the record is left out`);
}

function dropClaimedVifs({ ports, groups }: Found): void {
	const attached = new Set([...ports.values(), ...groups.values()].flatMap((holder) => vifOfIronic(holder) ?? []));
	for (const port of ports.values()) ports.set(port.uuid, withoutClaimedVif(port, attached));
	for (const group of groups.values()) groups.set(group.uuid, withoutClaimedVif(group, attached));
}

function thereIsNo(node: string): string {
	return `there is no baremetal_node "${node}" in the inventory: add it; until then, its ports and port groups are left out`;
}
