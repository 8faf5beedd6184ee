/** Checks across resources that no schema can express. */
import type { JsonPath } from "../../checked-text.ts";
import type { PortFacts } from "../../instance/facts.ts";
import { keyNamesOf } from "../../instance/keypairs.ts";
import { unknown } from "./complete.ts";
import type { Fault, Merged } from "./merge.ts";

/**
 * @param ports completed
 * @param fault rejects the inventory
 * @param whereIs says where in the files a port is
 * @throws GuestwireError `inventory`
 */
export function checkInventory(
	merged: Merged,
	ports: ReadonlyMap<string, PortFacts>,
	fault: Fault,
	whereIs: (portId: string) => string,
): void {
	checkOwners(merged, ports, fault, whereIs);
	checkKeyNames(merged, fault);
	checkMtus(merged, ports, fault);
	checkTrunks(merged, ports, fault);
}

/** On a network, an address and a MAC address belong to one port, once. */
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
		fault(
			"ports",
			entry,
			place,
			`${what} ${text} on network "${port.network_id}" already belongs to ${taker}: change one of them`,
		);
	};
	for (const port of ports.values()) {
		take("MAC address", port, port.mac_address, ["mac_address"]);
		for (const [index, { ip_address }] of port.fixed_ips.entries()) {
			if (ip_address) take("address", port, ip_address, ["fixed_ips", index, "ip_address"]);
		}
	}
}

/** An API never returns a list of names: a hand-written one needs the key pairs in the inventory too. */
function checkKeyNames({ servers, keypairs }: Merged, fault: Fault): void {
	const lists = [...servers.values()].filter(({ key_name: names }) => Array.isArray(names));
	if (lists.length === 0) return;
	const known = new Map(Array.from(keypairs.values(), (keypair) => [keypair.name, keypair]));
	for (const server of lists) {
		for (const [index, name] of keyNamesOf(server).entries()) {
			if (!known.has(name)) fault("servers", server, ["key_name", index], unknown("keypair", name, known));
		}
	}
}

/** Neutron's rule, from RFC 8200: below this MTU the kernel has no IPv6 on a link. */
const SMALLEST_IPV6_MTU = 1280;

/** A snapshot of bare metal has what nodes say about themselves, by no rule of Neutron's. */
function checkMtus({ networks, subnets }: Merged, ports: ReadonlyMap<string, PortFacts>, fault: Fault): void {
	const ofMetal = Iterator.from(ports.values()).filter((port) => port["binding:vnic_type"] === "baremetal");
	const exempt = new Set(ofMetal.map(({ network_id }) => network_id));
	for (const subnet of subnets.values()) {
		const network = networks.get(subnet.network_id ?? (networks.size === 1 ? [...networks.keys()][0] : "") ?? "");
		if (!network?.mtu || network.mtu >= SMALLEST_IPV6_MTU || !subnet.cidr.includes(":")) continue;
		if (exempt.has(network.id)) continue;
		const what = `${network.mtu} is too small for IPv6 (subnet "${subnet.id}"), which needs ${SMALLEST_IPV6_MTU}: raise it`;
		fault("networks", network, ["mtu"], what);
	}
}

/** Neutron's rules: a port is the parent of one trunk or a subport of one, and a trunk has a VLAN once. */
function checkTrunks({ trunks, networks }: Merged, ports: ReadonlyMap<string, PortFacts>, fault: Fault): void {
	const roles = new Map<string, string>();
	for (const trunk of trunks.values()) {
		const tags = new Map<number, string>();
		const take = (portId: string, role: string, place: JsonPath) => {
			if (!ports.has(portId)) fault("trunks", trunk, place, unknown("port", portId, ports));
			const taken = roles.get(portId);
			if (taken !== undefined)
				fault("trunks", trunk, place, `port "${portId}" is already ${taken}: remove one of them`);
			roles.set(portId, `${role} of trunk "${trunk.id}"`);
		};
		take(trunk.port_id, "the parent", ["port_id"]);
		for (const [index, { port_id, segmentation_type: type, segmentation_id }] of trunk.sub_ports.entries()) {
			take(port_id, "a subport", ["sub_ports", index, "port_id"]);
			const network = networks.get(ports.get(port_id)?.network_id ?? "");
			const tag = type === "inherit" ? network?.["provider:segmentation_id"] : segmentation_id;
			if (typeof tag !== "number") continue;
			const owner = tags.get(tag);
			const place = ["sub_ports", index, "segmentation_id"];
			if (owner !== undefined)
				fault("trunks", trunk, place, `VLAN ${tag} already belongs to subport "${owner}": change one of them`);
			tags.set(tag, port_id);
		}
	}
}
