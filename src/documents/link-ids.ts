/** The guest's NICs, with the order and ids that all network documents share. */
import { idAllocator } from "../instance/id-allocator.ts";
import type { Instance, Port, Subport } from "../instance/instance.ts";

/** A NIC that gets a link: a plugged port, or one of its subports (with parent and VLAN id). */
export interface Nic {
	readonly linkId: string;
	readonly port: Port;
	readonly vlan?: { readonly id: number; readonly parentLinkId: string };
	/** The link ids of a bond's members, if the port is a bare-metal bond. */
	readonly memberLinkIds: readonly string[];
}

/** Every plugged port in NIC order, each followed by the subports of its trunk if `trunks` is set. */
export function nicsOf(instance: Instance, trunks: boolean): Nic[] {
	const ports = instance.ports.filter((port) => port.plugged);
	const newId = idAllocator();
	const newBondId = bondIds(ports);
	const isShared = sharedNames(ports);
	return ports.flatMap((port) => {
		const subports: readonly Subport[] = (trunks && port.trunk?.subports) || [];
		const needsBondId = port.portGroup && (subports.length > 0 || isShared(tapName(port)));
		const linkId = newId(needsBondId ? newBondId() : tapName(port));
		const memberLinkIds = (port.portGroup?.members ?? []).map((member) => newId(member.id));
		return [
			{ linkId, port, memberLinkIds },
			...subports.map((subport) => ({
				linkId: newId(tapName(subport.port)),
				port: subport.port,
				vlan: { id: subport.vlanId, parentLinkId: linkId },
				memberLinkIds: [],
			})),
		];
	});
}

/**
 * Ids for bonds with VLANs: `bond0`, `bond1` … glean names a bond by its id and a VLAN by that name and the tag, for which
 * the kernel allows 15 characters; with systemd-networkd the id must not contain a dash either.
 */
function bondIds(ports: readonly Port[]): () => string {
	const members = new Set(ports.flatMap(({ portGroup }) => portGroup?.members.map(({ id }) => id) ?? []));
	let number = 0;
	return () => {
		while (members.has(`bond${number}`)) number += 1;
		return `bond${number++}`;
	};
}

/** Whether a tap name belongs to several ports, so that one of them gets a number behind it, and is too long then. */
function sharedNames(ports: readonly Port[]): (name: string) => boolean {
	const all = ports.flatMap((port) => [port, ...(port.trunk?.subports ?? []).map((subport) => subport.port)]);
	const names = all.map(tapName);
	return (name) => names.indexOf(name) !== names.lastIndexOf(name);
}

/** The name of the tap device on the hypervisor, truncated as by Neutron and Nova. */
export function tapName(port: Port): string {
	return `tap${port.id.slice(0, 11)}`;
}
