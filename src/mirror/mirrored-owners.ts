/** The owners of ports, as the mirror knows them. */
import { instanceIdOf } from "../instance/node-facts.ts";
import { macAlone, ownerOf, ownersOfNic } from "../source/ownership.ts";
import { contentsOf } from "../source/resource.ts";
import type { Change, Owner, PortQuery } from "../source/source.ts";
import { findPorts, networksOf, type PortMatch } from "./find-ports.ts";
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

/** The instance on a node with this NIC. */
async function ownersByNic(store: Reader, query: PortQuery): Promise<Owner[]> {
	const macAddress = macAlone(query);
	if (macAddress === undefined) return [];
	const nics = await store.read([{ kind: "baremetal_port", key: "mac", values: [macAddress] }]);
	const nodeIds = contentsOf(nics.resources, "baremetal_port").map(({ node_uuid }) => node_uuid);
	if (nodeIds.length === 0) return [];
	const networks = await networksOf(store, query);
	const { resources } = await store.read([
		{ kind: "baremetal_node", ids: nodeIds },
		{ kind: "baremetal_port", key: "node", values: nodeIds },
		{ kind: "portgroup", key: "node", values: nodeIds },
	]);
	const [bareMetalPorts, portGroups] = [contentsOf(resources, "baremetal_port"), contentsOf(resources, "portgroup")];
	const ids = contentsOf(resources, "baremetal_node").flatMap((node) => (node.instance_uuid ? instanceIdOf(node) : []));
	const named = networks && (await store.read([{ kind: "port", key: "device", values: ids }]));
	const ports = contentsOf(named?.resources ?? [], "port");
	return ids.flatMap((id) => {
		const facts = { id, bareMetalPorts, portGroups, ports: ports.filter(({ device_id }) => device_id === id) };
		const basis: Change[] = [
			{ kind: "server", ids: [id] },
			{ kind: "port", ids: facts.ports.map((port) => port.id) },
		];
		return ownersOfNic(facts, macAddress, networks).map((owner) => ({ ...owner, basis }));
	});
}

function basisOf({ port, nic, trunkId }: PortMatch): Change[] {
	const ports: Change = { kind: "port", ids: [...new Set([port.id, nic.id])] };
	return trunkId === undefined ? [ports] : [ports, { kind: "trunk", ids: [trunkId] }];
}
