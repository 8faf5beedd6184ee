/** The guest's NICs in the order and under the ids that every network document gives them. */
import type { Instance, Port, Subport } from "../instance/instance.ts";

/** A NIC that gets a link: a plugged port, or a subport of one (then with its parent and VLAN). */
export interface Nic {
	readonly linkId: string;
	readonly port: Port;
	readonly vlan?: { readonly id: number; readonly parentLinkId: string };
	/** Link ids of the bond's members, where the port is a bare-metal bond. */
	readonly memberLinkIds: readonly string[];
}

/** Every plugged port in NIC order, each followed by its trunk's subports when `trunks` is set. */
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

/** The name of the tap device on the hypervisor, as Neutron and Nova cut it. */
export function tapName(port: Port): string {
	return `tap${port.id.slice(0, 11)}`;
}

/** Ids by hand may be equal in their first 11 characters: the later one then gets a number. */
export function idAllocator(): (wanted: string) => string {
	const used = new Set<string>();
	return (wanted) => {
		let id = wanted;
		for (let number = 2; used.has(id); number += 1) id = `${wanted}-${number}`;
		used.add(id);
		return id;
	};
}
