/** The NICs and bonds of an Ironic node, as the guest sees them. */
import { canonicalMac } from "./addresses.ts";
import type { BareMetalNodeFacts, BareMetalPortFacts, PortGroupFacts } from "./bare-metal-facts.ts";
import type { NodeLink, NodeNetworkData } from "./node-network-data.ts";
import { aggregateOf } from "./switch-side.ts";

/** A NIC that is in no bond, or a bond. */
export interface NodeNic {
	/** The UUID of the port or port group. */
	readonly id: string;
	readonly name: string;
	/** A bond without an address takes that of its first member, as the bonding driver does. */
	readonly mac: string;
	readonly ports: readonly BareMetalPortFacts[];
	readonly group?: PortGroupFacts;
}

export interface NodeHardware {
	readonly ports: readonly BareMetalPortFacts[];
	readonly portGroups: readonly PortGroupFacts[];
}

/**
 * The node's hardware, with what only its network data names: NICs that were not enrolled (inspection by default adds the
 * NIC that the node boots from), and bonds that have no port group. NICs that the switch aggregates are a bond too.
 */
export function completeHardware(
	node: BareMetalNodeFacts,
	{ ports, portGroups }: NodeHardware,
	data: NodeNetworkData | undefined,
): NodeHardware {
	const links = [...(data?.links.values() ?? [])];
	const known = new Set(ports.map(({ address }) => canonicalMac(address)));
	const physical = links.filter(({ mac, bond, vlan }) => mac && !bond && !vlan && !known.has(mac));
	// The later of two links with one address has no NIC of its own.
	const unknown = new Map(physical.toReversed().map(({ mac = "", id }) => [mac, id]));
	const all = [...ports, ...[...unknown].reverse().map(([mac, id]) => portOf(node, mac, id))];
	const inGroups = new Map<string, PortGroupFacts>();
	for (const { id, members = [], mac, bond } of links) {
		const macs = new Set(members.map((member) => data?.links.get(member)?.mac));
		const own = all.filter(({ address }) => macs.has(canonicalMac(address)));
		const isGrouped = own.some(({ portgroup_uuid: group }) => group !== null);
		if (!bond || own.length === 0 || isGrouped) continue;
		const uuid = `${own[0]?.uuid}-bond`;
		const { mode, properties } = bond;
		const group = { uuid, name: id, address: mac ?? null, node_uuid: node.uuid, mode, properties: { ...properties } };
		for (const port of own) inGroups.set(port.uuid, group);
	}
	for (const group of aggregatedGroups(node, all, portGroups, inGroups)) {
		for (const port of group.ports) inGroups.set(port.uuid, group.group);
	}
	return {
		ports: all.map((port, position) => {
			const group = inGroups.get(port.uuid);
			return { ...port, position, ...(group && { portgroup_uuid: group.uuid }) };
		}),
		portGroups: [...portGroups, ...new Set(inGroups.values())],
	};
}

/** The bonds of NICs that are in no other, and on one aggregated interface of the switch. */
function aggregatedGroups(
	node: BareMetalNodeFacts,
	ports: readonly BareMetalPortFacts[],
	portGroups: readonly PortGroupFacts[],
	inGroups: ReadonlyMap<string, PortGroupFacts>,
) {
	const known = new Set(portGroups.map(({ uuid }) => uuid));
	const free = ports.filter(({ uuid, portgroup_uuid: group }) => !inGroups.has(uuid) && !known.has(group ?? ""));
	const byAggregate = Map.groupBy(free, aggregateOf);
	byAggregate.delete(undefined);
	return [...byAggregate].flatMap(([name = "", members]) => {
		if (members.length < 2) return [];
		const group: PortGroupFacts = {
			...{ uuid: `${members[0]?.uuid}-bond`, name, address: null, node_uuid: node.uuid },
			...{ mode: "802.3ad", properties: {} },
		};
		return [{ group, ports: members }];
	});
}

function portOf(node: BareMetalNodeFacts, address: string, name: string): BareMetalPortFacts {
	return {
		uuid: `${node.uuid}-${address.replaceAll(":", "")}`,
		name,
		address,
		node_uuid: node.uuid,
		portgroup_uuid: null,
	};
}

/** In the order of Ironic's ports. A port group without members is not a NIC. */
export function nicsOfNode({ ports, portGroups }: NodeHardware): NodeNic[] {
	const groups = new Map(portGroups.map((group) => [group.uuid, group]));
	const members = Map.groupBy(ports, ({ portgroup_uuid: group }) => (group !== null && groups.has(group) ? group : ""));
	const done = new Set<PortGroupFacts>();
	return ports.flatMap((port): NodeNic[] => {
		const group = groups.get(port.portgroup_uuid ?? "");
		if (group === undefined) {
			return [{ id: port.uuid, name: port.name ?? "", mac: canonicalMac(port.address) ?? port.address, ports: [port] }];
		}
		if (done.has(group)) return [];
		done.add(group);
		const mac = canonicalMac(group.address ?? port.address) ?? port.address;
		return [{ id: group.uuid, name: group.name ?? "", mac, ports: members.get(group.uuid) ?? [], group }];
	});
}

/** The NIC or bond that a link of the network data is, or is a VLAN on. */
export function nicOfLink(
	link: NodeLink,
	data: NodeNetworkData,
	nics: readonly NodeNic[],
): { readonly nic: NodeNic; readonly vlan?: NodeLink } | undefined {
	if (link.vlan) {
		const parent = data.links.get(link.vlan.link);
		const found = parent && !parent.vlan && nicOfLink(parent, data, nics);
		return found ? { nic: found.nic, vlan: link } : undefined;
	}
	const memberMacs = (link.members ?? []).map((member) => data.links.get(member)?.mac);
	const macs = new Set([link.mac, ...memberMacs]);
	macs.delete(undefined);
	// A bond's own address may be that of a NIC outside it.
	const byMember = (nic: NodeNic) => nic.ports.some(({ address }) => macs.has(canonicalMac(address)));
	const nic =
		(link.bond && nics.find((each) => each.group !== undefined && byMember(each))) ??
		nics.find(byMember) ??
		nics.find(({ mac }) => macs.has(mac));
	return nic && { nic };
}
