/** The MAC addresses of ports. On bare metal they are those of the NICs, which Ironic knows. */
import { createHash } from "node:crypto";
import { instanceIdOf } from "../../instance/node-facts.ts";
import { attachedPort } from "../../instance/port-group.ts";
import type { PortEntry } from "./collections.ts";
import type { Fault, Merged } from "./merge.ts";
import { all, groupBy } from "./multimap.ts";

const WHAT_TO_DO =
	'add "mac_address", or name the port as "tenant_vif_port_id" in the "internal_info" of its baremetal_port';

/** A bare-metal NIC or bond: which port Ironic attached to it, and its MAC address if it has one. */
interface Interface {
	readonly portId: string | undefined;
	/** Takes the place of Neutron's. */
	readonly address: string | undefined;
	/** For a port without an address. */
	readonly fallback: string | undefined;
}

/**
 * Finds the MAC address of a port: Ironic's, the port's own, or one derived from its id. A bare-metal NIC has its address
 * already: none is invented for it.
 *
 * @param instanceOf gives the instance that a port is a NIC of; empty for none
 * @throws GuestwireError `inventory` for a bare-metal port without an address
 */
export function macFinder(
	merged: Merged,
	instanceOf: (port: PortEntry) => string,
	fault: Fault,
): (port: PortEntry) => string {
	const interfaces = interfacesByInstance(merged);
	const attached = new Map([...interfaces.values()].flat().map((each) => [each.portId, each]));
	/** Whether no other port of the instance needs an address. */
	const isOnly = (port: PortEntry, instanceId: string) =>
		!Iterator.from(merged.ports.values()).some(
			(other) =>
				other !== port &&
				other.mac_address === undefined &&
				!attached.has(other.id) &&
				instanceOf(other) === instanceId,
		);
	return (port) => {
		const own = attached.get(port.id);
		const known = own?.address ?? port.mac_address ?? own?.fallback;
		if (known !== undefined) return known;
		const instanceId = instanceOf(port);
		const ofInstance = interfaces.get(instanceId);
		if (ofInstance === undefined) return macOfId(port.id);
		const [free, ...more] = ofInstance.filter(({ portId }) => portId === undefined);
		if (free?.fallback !== undefined && more.length === 0 && isOnly(port, instanceId)) return free.fallback;
		return fault("ports", port, [], `needs the MAC address of a bare-metal NIC: ${WHAT_TO_DO}`);
	};
}

function interfacesByInstance(merged: Merged): Map<string, Interface[]> {
	const interfaces = new Map<string, Interface[]>();
	const groups = groupBy(merged.portgroups.values(), ({ node_uuid }) => node_uuid);
	const nics = groupBy(merged.baremetal_ports.values(), ({ node_uuid }) => node_uuid);
	for (const node of merged.baremetal_nodes.values()) {
		const { uuid } = node;
		const instanceId = instanceIdOf(node);
		const ofNode = all(nics, uuid);
		interfaces.set(instanceId, [
			...(interfaces.get(instanceId) ?? []),
			...all(groups, uuid).map((group) => ({
				portId: attachedPort(group),
				address: group.address ?? undefined,
				fallback: group.address ?? ofNode.find((nic) => nic.portgroup_uuid === group.uuid)?.address,
			})),
			...ofNode
				.filter((nic) => nic.portgroup_uuid === null || attachedPort(nic) !== undefined)
				.map((nic) => ({ portId: attachedPort(nic), address: nic.address, fallback: nic.address })),
		]);
	}
	return interfaces;
}

/** A MAC address that is always the same for a port: locally administered, unicast, the rest from a hash of its id. */
export function macOfId(portId: string): string {
	const bytes = createHash("sha256").update(portId).digest().subarray(0, 6);
	bytes[0] = ((bytes[0] ?? 0) & 0xfc) | 0x02;
	return bytes.toString("hex").replaceAll(/(..)(?=.)/g, "$1:");
}
