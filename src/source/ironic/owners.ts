/** Whose address is it? Every NIC of a node is its instance's, also one that only serves to provision the node. */
import { canonicalMac } from "../../instance/addresses.ts";
import type { InstanceFacts } from "../../instance/facts.ts";
import { macAlone, matchesQuery, ownerOf } from "../ownership.ts";
import type { Owner, PortQuery } from "../source.ts";
import type { Snapshot } from "./snapshot.ts";

/** The owners of matching ports. See `Source.owners`. */
export function ownersIn({ instances }: Snapshot, query: PortQuery): Owner[] {
	const { address, macAddress, routerId } = query;
	// Without Neutron there are no routers.
	if (routerId !== undefined || (address === undefined && macAddress === undefined)) return [];
	return instances.flatMap((facts) => ownerIn(facts, query) ?? []);
}

function ownerIn(facts: InstanceFacts, query: PortQuery): Owner | undefined {
	const { ports, trunks, subports, id } = facts;
	const parents = new Map(trunks.flatMap(({ port_id, sub_ports }) => sub_ports.map((sub) => [sub.port_id, port_id])));
	const port = [...ports, ...subports].find((each) => matchesQuery(each, query));
	const nic = port && (ports.find(({ id: nicId }) => nicId === parents.get(port.id)) ?? port);
	if (port && nic) return ownerOf(port, nic);
	const macAddress = macAlone(query);
	if (macAddress === undefined) return undefined;
	const isOwn = facts.bareMetalPorts.some((each) => canonicalMac(each.address) === macAddress);
	return isOwn ? { id, networkId: "" } : undefined;
}
