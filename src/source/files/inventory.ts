/** All facts of an inventory, indexed for look-ups. */
import { GuestwireError } from "../../errors.ts";
import type { BareMetalNodeFacts, BareMetalPortFacts, PortGroupFacts } from "../../instance/bare-metal-facts.ts";
import type {
	FloatingIpFacts,
	InterfaceAttachmentFacts,
	KeypairFacts,
	NetworkFacts,
	PortFacts,
	SecurityGroupFacts,
	ServerFacts,
	ShareFacts,
	SubnetFacts,
	TrunkFacts,
	VolumeAttachmentFacts,
} from "../../instance/facts.ts";
import { instanceIdOf } from "../../instance/node-facts.ts";
import { isDhcpPort } from "../../instance/port-owner.ts";
import { addNodeInstances } from "./bare-metal.ts";
import { checkInventory } from "./check.ts";
import { COLLECTIONS, COMPUTE_API } from "./collections.ts";
import { completePorts, completeServers, completeShares, completeSubnets } from "./complete.ts";
import { validHardware } from "./invalid-records.ts";
import { type DescribeFault, type Fault, type Locate, locateResource, type Merged, mergeFiles } from "./merge.ts";
import { add, groupBy, type Multimap } from "./multimap.ts";
import type { InventoryFile } from "./parse.ts";

export interface Inventory {
	/** The server of every instance. */
	readonly servers: ReadonlyMap<string, ServerFacts>;
	readonly networks: ReadonlyMap<string, NetworkFacts>;
	readonly subnets: ReadonlyMap<string, { readonly facts: SubnetFacts }>;
	readonly securityGroups: ReadonlyMap<string, SecurityGroupFacts>;
	readonly ports: ReadonlyMap<string, PortFacts>;
	readonly portsByDevice: Multimap<PortFacts>;
	readonly portsByAddress: Multimap<PortFacts>;
	readonly portsByMac: Multimap<PortFacts>;
	/** By network. */
	readonly dhcpPorts: Multimap<PortFacts>;
	/** By parent port. */
	readonly trunks: Multimap<TrunkFacts>;
	/** The id of the parent port, by that of the subport. */
	readonly parents: ReadonlyMap<string, string>;
	/** By port. */
	readonly floatingIps: Multimap<FloatingIpFacts>;
	/** By name. */
	readonly keypairs: Multimap<KeypairFacts>;
	/** By port. */
	readonly interfaceAttachments: ReadonlyMap<string, InterfaceAttachmentFacts>;
	/** By server. */
	readonly volumeAttachments: Multimap<VolumeAttachmentFacts>;
	/** By server. */
	readonly shares: Multimap<ShareFacts>;
	/** By instance. */
	readonly nodes: Multimap<BareMetalNodeFacts>;
	/** Instances on nodes that can't be read, and why. An invalid record affects no other node. */
	readonly unreadable: ReadonlyMap<string, string>;
	/** What is invalid about the files, one line each: such a node, and records that were left out. */
	readonly warnings: readonly string[];
	/** By node. */
	readonly bareMetalPorts: Multimap<BareMetalPortFacts>;
	/** By node. */
	readonly portGroups: Multimap<PortGroupFacts>;
	/** The instances on bare metal, by the MAC address of each NIC. */
	readonly instancesByNic: ReadonlyMap<string, string>;
	/** Nova's newest microversion, if the inventory has the versions of the compute API. */
	readonly novaMicroversion?: string;
}

/**
 * Builds one inventory from all files.
 *
 * @param locate describes where a resource is in its file; only called for an error
 * @throws GuestwireError `inventory` if files contradict each other or themselves
 */
export function buildInventory(files: readonly InventoryFile[], locate: Locate): Inventory {
	const { given, contradicting } = mergeFiles(files, locate);
	const describe = (...[name, resource, within, what]: Parameters<Fault>) =>
		`${locateResource(files, name, resource, within, locate)} ${what}`;
	const fault: Fault = (...args) => {
		throw new GuestwireError("inventory", describe(...args));
	};
	const describeInvalid = atMost(MOST_LOCATED, describe);
	const invalid = [...files.flatMap((file) => file.invalid), ...contradicting];
	const valid = validHardware(given, invalid, describeInvalid);
	const { merged, wiring, unreadable } = addNodeInstances(valid.merged, valid.problems, describeInvalid);
	const subnets = completeSubnets(merged, fault);
	const written = completePorts(merged, subnets, fault);
	checkInventory(merged, written, fault, (id) => locateResource(files, "ports", merged.ports.get(id), [], locate));
	const ports = joined(written, wiring.ports);
	const trunks = [...merged.trunks.values(), ...wiring.trunks.values()];
	const novaMicroversion = merged.versions.get(COMPUTE_API)?.version;
	const servers = completeServers(merged.servers, ports);
	return {
		servers,
		networks: joined(merged.networks, wiring.networks),
		subnets: joined(subnets, wiring.subnets),
		securityGroups: merged.security_groups,
		...indexPorts(ports),
		trunks: groupBy(trunks, ({ port_id }) => port_id),
		parents: new Map(
			trunks.flatMap(({ port_id, sub_ports }) => sub_ports.map((subport) => [subport.port_id, port_id])),
		),
		floatingIps: groupBy(merged.floatingips.values(), ({ port_id }) => port_id),
		keypairs: groupBy(merged.keypairs.values(), ({ name }) => name),
		interfaceAttachments: merged.interfaceAttachments,
		volumeAttachments: groupBy(merged.volumeAttachments.values(), ({ serverId }) => serverId),
		shares: completeShares(merged, servers, fault),
		nodes: groupBy(merged.baremetal_nodes.values(), instanceIdOf),
		unreadable,
		warnings: [...Array.from(unreadable, ([id, problem]) => `${problem}; ${id} gets no documents`), ...valid.leftOut],
		instancesByNic: instancesByNic(merged),
		bareMetalPorts: groupBy(merged.baremetal_ports.values(), ({ node_uuid }) => node_uuid),
		portGroups: groupBy(merged.portgroups.values(), ({ node_uuid }) => node_uuid),
		...(novaMicroversion && { novaMicroversion }),
	};
}

/** To find a line, a file is read and parsed again. */
const MOST_LOCATED = 20;

/** Describes the first faults as `describe` does, and the others without their files. */
function atMost(count: number, describe: DescribeFault): DescribeFault {
	let left = count;
	return (name, resource, within, what) => {
		if (left-- > 0) return describe(name, resource, within, what);
		const { singular, identity } = COLLECTIONS[name];
		return `${singular} ${(identity as (resource: unknown) => string)(resource)} ${what}`;
	};
}

/** Large inventories have no nodes: theirs are not copied. */
function joined<V>(written: ReadonlyMap<string, V>, generated: ReadonlyMap<string, V>): ReadonlyMap<string, V> {
	return generated.size === 0 ? written : new Map([...written, ...generated]);
}

function instancesByNic({ baremetal_nodes: nodes, baremetal_ports }: Merged): Map<string, string> {
	const nics = Iterator.from(baremetal_ports.values());
	return new Map(
		nics.flatMap(({ address, node_uuid }): [string, string][] => {
			const node = nodes.get(node_uuid);
			return node ? [[address, instanceIdOf(node)]] : [];
		}),
	);
}

function indexPorts(ports: ReadonlyMap<string, PortFacts>) {
	const portsByAddress: Multimap<PortFacts> = new Map();
	for (const port of ports.values()) {
		for (const { ip_address } of port.fixed_ips) if (ip_address) add(portsByAddress, ip_address, port);
	}
	const dhcpPorts = Iterator.from(ports.values()).filter(isDhcpPort);
	return {
		ports,
		portsByDevice: groupBy(ports.values(), ({ device_id }) => device_id || null),
		portsByAddress,
		portsByMac: groupBy(ports.values(), ({ mac_address }) => mac_address),
		dhcpPorts: groupBy(dhcpPorts, ({ network_id }) => network_id),
	};
}
