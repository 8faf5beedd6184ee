/** Checks across resources that no schema can say. */
import type { PortFacts } from "../../instance/facts.ts";
import type { CollectionName, ResourceOf } from "./collections.ts";
import { unknown } from "./complete.ts";
import type { Fault, Merged } from "./merge.ts";

/**
 * @param ports completed
 * @param fault refuses the inventory
 * @param whereIs says where a port stands
 * @throws GuestwireError `inventory`
 */
export function checkInventory(
	merged: Merged,
	ports: ReadonlyMap<string, PortFacts>,
	fault: Fault,
	whereIs: (portId: string) => string,
): void {
	checkOwners(merged, ports, fault, whereIs);
	checkTrunks(merged, fault);
	checkBareMetal(merged, fault);
}

/** On one network an address belongs to one port, once, and so does a MAC address. */
function checkOwners(
	merged: Merged,
	ports: ReadonlyMap<string, PortFacts>,
	fault: Fault,
	whereIs: (portId: string) => string,
): void {
	const taken = new Map<string, Map<string, string>>();
	const take = (what: string, port: PortFacts, text: string, place: readonly (string | number)[]) => {
		const onNetwork = taken.get(port.network_id) ?? new Map<string, string>();
		taken.set(port.network_id, onNetwork);
		const owner = onNetwork.get(text);
		if (owner === undefined) {
			onNetwork.set(text, port.id);
			return;
		}
		const entry = merged.ports.get(port.id) ?? port;
		const taker = `port "${owner}" (${whereIs(owner)})`;
		fault("ports", entry, place, `${what} ${text} on network "${port.network_id}" is ${taker}'s already: change one`);
	};
	for (const port of ports.values()) {
		take("MAC address", port, port.mac_address, ["mac_address"]);
		for (const [index, { ip_address }] of port.fixed_ips.entries()) {
			take("address", port, ip_address, ["fixed_ips", index, "ip_address"]);
		}
	}
}

function checkTrunks({ trunks, ports }: Merged, fault: Fault): void {
	for (const trunk of trunks.values()) {
		if (!ports.has(trunk.port_id)) fault("trunks", trunk, ["port_id"], unknown("port", trunk.port_id, ports));
		for (const [index, { port_id }] of trunk.sub_ports.entries()) {
			if (!ports.has(port_id)) fault("trunks", trunk, ["sub_ports", index, "port_id"], unknown("port", port_id, ports));
		}
	}
}

function checkBareMetal({ baremetal_nodes: nodes, baremetal_ports, portgroups }: Merged, fault: Fault): void {
	const checkNode = <N extends CollectionName>(name: N, resource: ResourceOf<N> & { readonly node_uuid: string }) => {
		if (nodes.has(resource.node_uuid)) return;
		fault(name, resource, ["node_uuid"], unknown("baremetal_node", resource.node_uuid, nodes));
	};
	for (const group of portgroups.values()) checkNode("portgroups", group);
	for (const port of baremetal_ports.values()) {
		checkNode("baremetal_ports", port);
		const group = port.portgroup_uuid;
		if (group !== null && !portgroups.has(group)) {
			fault("baremetal_ports", port, ["portgroup_uuid"], unknown("portgroup", group, portgroups));
		}
	}
}
