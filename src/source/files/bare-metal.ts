/** Ironic's records in an inventory: which instance is on which node, and what only they say about it. */

import { GuestwireError } from "../../errors.ts";
import { getOrInsert } from "../../get-or-insert.ts";
import { canonicalMac } from "../../instance/addresses.ts";
import type { BareMetalNodeFacts } from "../../instance/bare-metal-facts.ts";
import type { InstanceFacts, NetworkFacts, PortFacts, SubnetFacts, TrunkFacts } from "../../instance/facts.ts";
import { factsOfNode, instanceIdOf } from "../../instance/node-facts.ts";
import type { NodeHardware } from "../../instance/node-nics.ts";
import { nodeServer } from "../../instance/node-server.ts";
import { attachedPort } from "../../instance/port-group.ts";
import { isInstanceNic } from "../ownership.ts";
import type { PortEntry } from "./collections.ts";
import type { DescribeFault, Merged } from "./merge.ts";
import { all, groupBy } from "./multimap.ts";

/** Finds the instance whose node has the NIC that a port is on, by Ironic's attachment or by MAC address. */
export type FindNodeInstance = (port: PortEntry) => string | undefined;

export function nodeInstanceFinder(
	merged: Merged,
	nodes: readonly NodeWithHardware[] = nodesOf(merged),
): FindNodeInstance {
	const byVif = new Map<string, string>();
	const byMac = new Map<string, string>();
	for (const { node, hardware } of nodes) {
		const id = instanceIdOf(node);
		for (const holder of [...hardware.portGroups, ...hardware.ports]) {
			const vif = attachedPort(holder);
			const mac = canonicalMac(holder.address ?? "");
			if (vif !== undefined) byVif.set(vif, id);
			if (mac !== undefined) byMac.set(mac, id);
		}
	}
	return ({ id, mac_address: mac }) => byVif.get(id) ?? (mac === undefined ? undefined : byMac.get(mac));
}

/** The wiring that nodes describe themselves. It is complete, and refers to nothing in the files. */
export interface NodeWiring {
	readonly ports: Map<string, PortFacts>;
	readonly networks: Map<string, NetworkFacts>;
	readonly subnets: Map<string, { readonly facts: SubnetFacts }>;
	readonly trunks: Map<string, TrunkFacts>;
}

interface MergedNodes {
	/** The files' resources, with the servers, key pairs and hardware that only nodes name. */
	readonly merged: Merged;
	/** Of instances that no port in the files belongs to. */
	readonly wiring: NodeWiring;
	/** Instances on nodes that can't be read, and why. */
	readonly unreadable: ReadonlyMap<string, string>;
}

/**
 * Adds what nodes say about themselves. A server in the files takes precedence over the node's.
 *
 * @param problems why a node can't be read, by its UUID, where its records show it already
 */
export function addNodeInstances(
	merged: Merged,
	problems: ReadonlyMap<string, string>,
	describe: DescribeFault,
): MergedNodes {
	const unreadable = new Map<string, string>();
	const wiring: NodeWiring = { ports: new Map(), networks: new Map(), subnets: new Map(), trunks: new Map() };
	if (merged.baremetal_nodes.size === 0) return { merged, wiring, unreadable };
	const nodes = nodesOf(merged);
	const wired = instancesWithPorts(merged, nodes);
	const found = {
		servers: new Map(merged.servers),
		keypairs: new Map(merged.keypairs),
		baremetal_ports: new Map(merged.baremetal_ports),
		portgroups: new Map(merged.portgroups),
	};
	const addServer = ({ server, keypairs = [] }: Pick<InstanceFacts, "server" | "keypairs">) => {
		if (server === undefined || merged.servers.has(server.id)) return;
		found.servers.set(server.id, server);
		for (const pair of keypairs) found.keypairs.set(JSON.stringify([pair.user_id, pair.name]), pair);
	};
	const nodeOf = new Map<string, string>();
	for (const { node, hardware } of nodes) {
		const id = instanceIdOf(node);
		const other = getOrInsert(nodeOf, id, () => node.uuid);
		const problem = other === node.uuid ? problems.get(node.uuid) : onTwoNodes(node, other, describe);
		const facts = problem ?? readNode(node, hardware, describe);
		if (typeof facts === "string") {
			unreadable.set(id, facts);
			addServer(nodeServer(node, id));
			continue;
		}
		addServer(facts);
		for (const port of facts.bareMetalPorts) found.baremetal_ports.set(port.uuid, port);
		for (const group of facts.portGroups) found.portgroups.set(group.uuid, group);
		if (wired.has(id)) continue;
		addWiring(wiring, facts);
	}
	return { merged: { ...merged, ...found }, wiring, unreadable };
}

/** Which of them the guest runs on can't be told, and the other one's NICs and keys are not for it. */
function onTwoNodes(node: BareMetalNodeFacts, other: string, describe: DescribeFault): string {
	const what = `the instance of node ${node.uuid} is also that of node ${other}: correct one of them`;
	return describe("baremetal_nodes", node, ["instance_uuid"], what);
}

function addWiring(wiring: NodeWiring, { ports, subports, networks, subnets, trunks }: InstanceFacts): void {
	for (const port of [...ports, ...subports]) wiring.ports.set(port.id, port);
	for (const network of networks) wiring.networks.set(network.id, network);
	for (const subnet of subnets) wiring.subnets.set(subnet.id, { facts: subnet });
	for (const trunk of trunks) wiring.trunks.set(trunk.id, trunk);
}

/** What is wrong with it, if only this node's instance can't be described. */
function readNode(node: BareMetalNodeFacts, hardware: NodeHardware, describe: DescribeFault): InstanceFacts | string {
	try {
		return factsOfNode(node, hardware);
	} catch (error) {
		if (!(error instanceof GuestwireError)) throw error;
		return describe("baremetal_nodes", node, ["network_data"], `can't be read: ${error.message}`);
	}
}

interface NodeWithHardware {
	readonly node: BareMetalNodeFacts;
	readonly hardware: NodeHardware;
}

function nodesOf(merged: Merged): NodeWithHardware[] {
	const ports = groupBy(merged.baremetal_ports.values(), ({ node_uuid }) => node_uuid);
	const groups = groupBy(merged.portgroups.values(), ({ node_uuid }) => node_uuid);
	return Array.from(merged.baremetal_nodes.values(), (node) => ({
		node,
		hardware: { ports: all(ports, node.uuid), portGroups: all(groups, node.uuid) },
	}));
}

/** A port without a device belongs to the only server, where there is one. */
function instancesWithPorts(merged: Merged, nodes: readonly NodeWithHardware[]): Set<string | undefined> {
	const instanceOf = nodeInstanceFinder(merged, nodes);
	const [only] = merged.servers.size === 1 ? merged.servers.keys() : [];
	const nics = Iterator.from(merged.ports.values()).filter((port) => isInstanceNic(port));
	return new Set(nics.map((port) => instanceOf(port) ?? (port.device_id || undefined) ?? only));
}
