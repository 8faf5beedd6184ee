/** Whose address is it? Every NIC of a node is its instance's, also one that only serves to provision the node. */
import type { InstanceFacts, PortFacts } from "../../instance/facts.ts";
import { withoutUndefined } from "../../instance/without-undefined.ts";
import { macAlone, matchesQuery, ownerOf, ownersOfNic } from "../ownership.ts";
import type { Owner, PortQuery } from "../source.ts";
import type { Snapshot } from "./snapshot.ts";

/**
 * The owners of matching ports. See `Source.owners`.
 *
 * @param networks those that the query is about; undefined: any
 */
export function ownersIn(
	{ instances }: Snapshot,
	{ address, macAddress }: PortQuery,
	networks: readonly string[] | undefined,
): Owner[] {
	if (address === undefined && macAddress === undefined) return [];
	const query = withoutUndefined<PortQuery>({ address, macAddress });
	return instances.flatMap((facts) => ownerIn(facts, query, networks));
}

function ownerIn(facts: InstanceFacts, query: PortQuery, networks: readonly string[] | undefined): Owner[] {
	const { ports, trunks, subports } = facts;
	const parents = new Map(trunks.flatMap(({ port_id, sub_ports }) => sub_ports.map((sub) => [sub.port_id, port_id])));
	const isThere = ({ network_id }: PortFacts) => networks === undefined || networks.includes(network_id);
	const port = [...ports, ...subports].find((each) => isThere(each) && matchesQuery(each, query));
	const nic = port && (ports.find(({ id: nicId }) => nicId === parents.get(port.id)) ?? port);
	if (port && nic) return [ownerOf(port, nic) ?? []].flat();
	const macAddress = macAlone(query);
	return macAddress === undefined ? [] : ownersOfNic(facts, macAddress, networks);
}
