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
	const newId = idAllocator();
	return instance.ports
		.filter((port) => port.plugged)
		.flatMap((port) => {
			const linkId = newId(tapName(port));
			const memberLinkIds = (port.portGroup?.members ?? []).map((member) => newId(member.id));
			const subports: readonly Subport[] = (trunks && port.trunk?.subports) || [];
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

/** The name of the tap device on the hypervisor, truncated as by Neutron and Nova. */
export function tapName(port: Port): string {
	return `tap${port.id.slice(0, 11)}`;
}
