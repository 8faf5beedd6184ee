/** The owners of ports, as the mirror knows them. */
import { instanceIdOf } from "../instance/node-facts.ts";
import { macAlone, ownerOf } from "../source/ownership.ts";
import { contentsOf } from "../source/resource.ts";
import type { Change, Owner, PortQuery } from "../source/source.ts";
import { findPorts, type PortMatch } from "./find-ports.ts";
import type { MirrorStore } from "./mirror-store.ts";

type Reader = Pick<MirrorStore, "read">;

/** See `Source.owners`. */
export async function ownersIn(store: Reader, query: PortQuery): Promise<readonly Owner[]> {
	const matches = await findPorts(store, query);
	const owners = matches.flatMap((match) => {
		const owner = ownerOf(match.port, match.nic);
		return owner === undefined ? [] : [{ ...owner, basis: basisOf(match) }];
	});
	return owners.length > 0 ? owners : ownersByNic(store, query);
}

/** The instance on a node with this NIC, which may have no port: it is a bond's member, or only boots the node. */
async function ownersByNic(store: Reader, query: PortQuery): Promise<Owner[]> {
	const macAddress = macAlone(query);
	if (macAddress === undefined) return [];
	const nics = await store.read([{ kind: "baremetal_port", key: "mac", values: [macAddress] }]);
	const nodeIds = contentsOf(nics.resources, "baremetal_port").map(({ node_uuid }) => node_uuid);
	if (nodeIds.length === 0) return [];
	const nodes = await store.read([{ kind: "baremetal_node", ids: nodeIds }]);
	return contentsOf(nodes.resources, "baremetal_node").flatMap((node) => {
		if (!node.instance_uuid) return [];
		const id = instanceIdOf(node);
		return [{ id, networkId: "", basis: [{ kind: "server", ids: [id] }] }];
	});
}

function basisOf({ port, nic, trunkId }: PortMatch): Change[] {
	const ports: Change = { kind: "port", ids: [...new Set([port.id, nic.id])] };
	return trunkId === undefined ? [ports] : [ports, { kind: "trunk", ids: [trunkId] }];
}
