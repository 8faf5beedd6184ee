/** A node's NICs and bonds from Ironic, with those that an inventory has beside it. */
import { canonicalMac } from "../../instance/addresses.ts";
import type { BareMetalPortFacts, PortGroupFacts } from "../../instance/bare-metal-facts.ts";
import type { NodeHardware } from "../../instance/node-nics.ts";
import { attachedPort } from "../../instance/port-group.ts";

/**
 * NICs are the same if their MAC addresses are. Ironic's record counts for the NICs and port groups that it has. The
 * inventory adds NICs, and puts those into a group that are in none of Ironic's. If its group has a NIC or the address of
 * one of Ironic's groups, it is that group, and adds members.
 */
export function mergeHardware(nodeUuid: string, own: NodeHardware, written: NodeHardware): NodeHardware {
	const ownNics = byMac(own.ports);
	const writtenNics = byMac(written.ports);
	const same = sameGroups(own, written);
	const ownGroups = new Set(own.portGroups.map(({ uuid }) => uuid));
	const isGrouped = ({ portgroup_uuid: group }: BareMetalPortFacts) => group !== null && ownGroups.has(group);
	const groupOf = ({ portgroup_uuid: group }: BareMetalPortFacts) =>
		group === null ? null : (same.get(group)?.uuid ?? group);
	const ports = [
		...own.ports.map((port) => {
			const twin = writtenNics.get(macOf(port));
			if (twin === undefined) return port;
			return { ...withVif(port, twin), ...(!isGrouped(port) && { portgroup_uuid: groupOf(twin) }) };
		}),
		...written.ports
			.filter((port) => !ownNics.has(macOf(port)))
			.map((port) => ({ ...port, node_uuid: nodeUuid, portgroup_uuid: groupOf(port) })),
	];
	const twins = new Map(written.portGroups.map((group) => [same.get(group.uuid)?.uuid, group]));
	return {
		ports: ports.map((port, position) => ({ ...port, position })),
		portGroups: [
			...own.portGroups.map((group) => withVif(group, twins.get(group.uuid))),
			...written.portGroups.filter(({ uuid }) => !same.has(uuid)).map((group) => ({ ...group, node_uuid: nodeUuid })),
		],
	};
}

/** Ironic's group by the UUID of the inventory's. */
function sameGroups(own: NodeHardware, written: NodeHardware): Map<string, PortGroupFacts> {
	const byUuid = new Map(own.portGroups.map((group) => [group.uuid, group]));
	const groupByMac = new Map([
		...own.portGroups.map((group) => [macOf(group), group] as const),
		...own.ports.map((port) => [macOf(port), byUuid.get(port.portgroup_uuid ?? "")] as const),
	]);
	groupByMac.delete(undefined);
	const pairs = written.portGroups.flatMap((group): [string, PortGroupFacts][] => {
		const members = written.ports.filter(({ portgroup_uuid }) => portgroup_uuid === group.uuid);
		const found = [...members, group].flatMap((each) => groupByMac.get(macOf(each)) ?? [])[0];
		return found === undefined ? [] : [[group.uuid, found]];
	});
	return new Map(pairs);
}

/** What is attached to it in the inventory, unless Ironic has attached something. */
function withVif<T extends BareMetalPortFacts | PortGroupFacts>(own: T, written: T | undefined): T {
	const vif = written && attachedPort(written);
	if (vif === undefined || attachedPort(own) !== undefined) return own;
	return { ...own, internal_info: { ...own.internal_info, tenant_vif_port_id: vif } };
}

function macOf({ address }: Pick<PortGroupFacts, "address">): string | undefined {
	return canonicalMac(address ?? "");
}

function byMac(ports: readonly BareMetalPortFacts[]): Map<string | undefined, BareMetalPortFacts> {
	return new Map(ports.map((port) => [macOf(port), port]));
}
