/** What resources are found by, besides their ids. */
import { canonicalAddress, canonicalMac } from "../instance/addresses.ts";
import type { PortFacts } from "../instance/facts.ts";
import { isDhcpPort } from "../instance/port-owner.ts";
import type { Resource, ResourceKind } from "../source/resource.ts";

/** The keys of each kind that has any. */
export interface ResourceKeys {
	/**
	 * `device`: the id of its device in lower case. `address`: an IP address in canonical text; `network_address`: see
	 * `networkAddress`. `mac`: in canonical text. `dhcp_network`: the network of a DHCP server's own port.
	 */
	readonly port: "device" | "address" | "network_address" | "mac" | "dhcp_network";
	/** `port`: the parent port. `subport`: each subport's port. */
	readonly trunk: "port" | "subport";
	readonly floatingip: "port";
	/** `remote_group`: each group that a rule of it names. */
	readonly security_group: "remote_group";
	/** `instance`: the server that runs on it. */
	readonly baremetal_node: "instance";
	/** `mac`: in canonical text. */
	readonly baremetal_port: "node" | "mac";
	readonly portgroup: "node";
}

/** Security groups are found by their ids. */
const BELONGING: Readonly<Record<Exclude<keyof ResourceKeys, "security_group">, true>> = {
	...{ port: true, trunk: true, floatingip: true },
	...{ baremetal_node: true, baremetal_port: true, portgroup: true },
};

/** Whether resources of the kind belong to others and are found by them, so that nothing shows when one is missing. */
export const belongsToOthers = (kind: ResourceKind): boolean => Object.hasOwn(BELONGING, kind);

export interface Key {
	readonly name: ResourceKeys[keyof ResourceKeys];
	readonly value: string;
}

/** Longer than any id or address. A tenant can write anything into a port's `device_id`. */
const MAX_VALUE = 255;

/** Whether a look-up can have the value. PostgreSQL rejects texts with a NUL character. */
export function isKeyValue(value: string): boolean {
	return value !== "" && value.length <= MAX_VALUE && !value.includes("\0");
}

/** The keys of a resource. A value that no look-up can have is left out. */
export function keysOf(resource: Resource): readonly Key[] {
	return allKeys(resource).filter(({ value }) => isKeyValue(value));
}

/** An address on one network: tenants' networks often have the same addresses. */
export function networkAddress(networkId: string, address: string): string {
	return `${networkId} ${address}`;
}

function allKeys(resource: Resource): readonly Key[] {
	switch (resource.kind) {
		case "port":
			return portKeys(resource.content);
		case "trunk": {
			const { port_id, sub_ports } = resource.content;
			const subports = sub_ports.map((subport): Key => ({ name: "subport", value: subport.port_id }));
			return [{ name: "port", value: port_id }, ...subports];
		}
		case "floatingip":
			return [{ name: "port", value: resource.content.port_id ?? "" }];
		case "security_group": {
			const groups = new Set(resource.content.security_group_rules.flatMap((rule) => rule.remote_group_id ?? []));
			return Array.from(groups, (value): Key => ({ name: "remote_group", value }));
		}
		case "baremetal_node":
			return [{ name: "instance", value: resource.content.instance_uuid ?? "" }];
		case "baremetal_port": {
			const { node_uuid, address } = resource.content;
			return [
				{ name: "node", value: node_uuid },
				{ name: "mac", value: canonicalMac(address) ?? "" },
			];
		}
		case "portgroup":
			return [{ name: "node", value: resource.content.node_uuid }];
		default:
			return [];
	}
}

function portKeys(port: PortFacts): readonly Key[] {
	const addresses = new Set(port.fixed_ips.flatMap(({ ip_address }) => canonicalAddress(ip_address) ?? []));
	return [
		{ name: "device", value: port.device_id.toLowerCase() },
		{ name: "mac", value: canonicalMac(port.mac_address) ?? "" },
		{ name: "dhcp_network", value: isDhcpPort(port) ? port.network_id : "" },
		...Array.from(addresses, (value): Key => ({ name: "address", value })),
		...Array.from(
			addresses,
			(address): Key => ({ name: "network_address", value: networkAddress(port.network_id, address) }),
		),
	];
}
