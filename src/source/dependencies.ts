/** What cached values depend on, as tags: a change invalidates every value with one of its tags. */
import type { Instance, Port } from "../instance/instance.ts";
import { type Change, type ChangeKind, keypairId, type Owner, type PortQuery } from "./source.ts";

const tag = (kind: ChangeKind, id: string) => `${kind} ${id}`;

export function tagsOfChange({ kind, ids }: Change): string[] {
	return ids.map((id) => tag(kind, id));
}

/** The resources that an instance was assembled from. The server is not among them: its id is the cache's key. */
export function tagsOfInstance(instance: Instance | undefined): string[] {
	if (instance === undefined) return [];
	const { ports, server } = instance;
	const subports = ports.flatMap(({ trunk }) => trunk?.subports.map(({ port }) => port) ?? []);
	const tags = [...ports, ...subports].flatMap(tagsOfPort);
	const { userId, keyNames = [] } = server ?? {};
	if (userId !== undefined) tags.push(...keyNames.map((name) => tag("keypair", keypairId(userId, name))));
	return tags;
}

function tagsOfPort(port: Port): string[] {
	return [
		tag("port", port.id),
		tag("network", port.network.id),
		...port.fixedIps.map(({ subnet }) => tag("subnet", subnet.id)),
		...port.floatingIps.map(({ id }) => tag("floatingip", id)),
		...port.securityGroups.map(({ id }) => tag("security_group", id)),
		...(port.trunk === undefined ? [] : [tag("trunk", port.trunk.id)]),
	];
}

/** What the claims of owners rest on. */
export function tagsOfOwners(owners: readonly Owner[]): string[] {
	return owners.flatMap(({ basis = [] }) => basis.flatMap(tagsOfChange));
}

/** What the owners that match a query depend on, whoever they are. */
export function tagsOfQuery({ address, macAddress, routerId }: PortQuery): string[] {
	return [
		...(address === undefined ? [] : [tag("address", address)]),
		...(macAddress === undefined ? [] : [tag("address", macAddress)]),
		...(routerId === undefined ? [] : [tag("router", routerId.toLowerCase())]),
	];
}
