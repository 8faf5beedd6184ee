/** The facts of the instance on a node: from Ironic alone, or with Neutron or an inventory where they know more. */
import { canonicalMac } from "../../instance/addresses.ts";
import type { BareMetalNodeFacts } from "../../instance/bare-metal-facts.ts";
import { emptyFacts } from "../../instance/empty-facts.ts";
import type { InstanceFacts } from "../../instance/facts.ts";
import { factsOfNode, instanceIdOf, withNicOrder } from "../../instance/node-facts.ts";
import { type NodeHardware, type NodeNic, nicsOfNode } from "../../instance/node-nics.ts";
import { attachedPort, ramdiskPorts } from "../../instance/port-group.ts";
import { IRONIC_OWNER } from "../../instance/port-owner.ts";
import type { Neutron, PortAnswer } from "../neutron/neutron.ts";
import { gatherWiring, type Wiring } from "../neutron/wiring.ts";
import { isContested, isInstanceNic, withoutProject } from "../ownership.ts";
import type { FactsSource } from "../source.ts";
import type { HiddenVifs } from "./hidden-vifs.ts";
import { mergeHardware } from "./merge-hardware.ts";
import type { NodeRecord } from "./nodes.ts";

export interface WiringParts {
	/** Where VIFs may be Neutron's ports. */
	readonly findNeutron: () => Promise<Neutron | undefined>;
	/** What an operator wrote beside Ironic; its instances are found by the MAC addresses of their ports, or by their id. */
	readonly inventory?: Pick<FactsSource, "owners" | "facts"> | undefined;
	readonly vifs: HiddenVifs;
}

export type FindFacts = (record: NodeRecord) => Promise<InstanceFacts>;

export function createNodeWiring({ findNeutron, inventory, vifs }: WiringParts): FindFacts {
	/** The wiring of the attached VIFs. Those that no guest gets are reported. */
	async function fromVifs(record: NodeRecord, id: string): Promise<Wiring | undefined> {
		const attached = nicsOfNode(record).flatMap(vifsOf);
		return fromNeutron(
			findNeutron,
			attached,
			(port) => ownedBy(id, port),
			(found) => {
				for (const vif of attached) {
					const port = found.get(vif);
					if (port && isInstanceNic(ownedBy(id, port))) vifs.shown(vif);
					else vifs.hidden({ vif, node: record.node.uuid, hasOthers: found.size > 0, owner: port?.device_owner });
				}
			},
		);
	}

	return async (record) => {
		const own = factsOfNode(record.node, record);
		const { ports, portGroups } = record;
		const [written, wired, ramdisk] = await Promise.all([
			fromInventory(inventory, record),
			fromVifs(record, own.id),
			// Ironic makes them in its own project.
			fromNeutron(findNeutron, [...ramdiskPorts({ bareMetalPorts: ports, portGroups })], (port) =>
				ownedBy(own.id, withoutProject(port)),
			),
		]);
		const known = written === undefined ? own : mergeInventory(record.node, own, written);
		const server = known.server && { ...known.server, addresses: wired ? {} : known.server.addresses };
		const wiredFacts = withNicOrder({ ...known, ...wired, ...(server && { server }) });
		return ramdisk === undefined ? wiredFacts : withPorts(wiredFacts, ramdisk);
	};
}

/** What Neutron knows about ports; undefined if it does not have any of them. */
async function fromNeutron(
	findNeutron: WiringParts["findNeutron"],
	ids: readonly string[],
	owned: (port: PortAnswer) => PortAnswer,
	onFound: (found: ReadonlyMap<string, PortAnswer>) => void = () => {},
): Promise<Wiring | undefined> {
	const neutron = ids.length === 0 ? undefined : await findNeutron();
	if (neutron === undefined) return undefined;
	const found = (await Promise.all(ids.map(neutron.portWithTrunk))).flat();
	onFound(new Map(found.map((port) => [port.id, port])));
	if (found.length === 0) return undefined;
	// An operator may attach ports of several projects to a node.
	const ports = isContested(found) ? found.map(withoutProject) : found;
	return gatherWiring(ports.map(owned), { neutron, dhcpPorts: false });
}

/** The inventory's instance that has one of the node's MAC addresses or, without one, the id of the node's instance. */
async function fromInventory(
	inventory: WiringParts["inventory"],
	{ node, ports, portGroups }: NodeRecord,
): Promise<InstanceFacts | undefined> {
	if (inventory === undefined) return undefined;
	const macs = new Set([...portGroups, ...ports].flatMap(({ address }) => canonicalMac(address ?? "") ?? []));
	for (const macAddress of macs) {
		const [owner] = await inventory.owners({ macAddress });
		const found = owner && (await inventory.facts(owner.id, "all"));
		if (found) return found;
	}
	return inventory.facts(instanceIdOf(node), "all");
}

/** Ironic attaches ports without writing their device. */
function ownedBy(id: string, port: PortAnswer): PortAnswer {
	return { ...port, device_id: id, device_owner: port.device_owner || IRONIC_OWNER };
}

/** The facts with ports that no document contains. */
function withPorts(facts: InstanceFacts, { ports, networks, subnets }: Wiring): InstanceFacts {
	return {
		...facts,
		ports: [...facts.ports, ...ports],
		networks: [...new Set([...facts.networks, ...networks])],
		subnets: [...new Set([...facts.subnets, ...subnets])],
	};
}

/** A bond's, or those of its members: Ironic also attaches to a member. */
function vifsOf({ group, ports }: NodeNic): string[] {
	const own = group && attachedPort(group);
	return own === undefined ? ports.flatMap((port) => attachedPort(port) ?? []) : [own];
}

/** The inventory's wiring and server, on Ironic's NICs. If it only names NICs or a server, the wiring is Ironic's. */
function mergeInventory(node: BareMetalNodeFacts, own: InstanceFacts, written: InstanceFacts): InstanceFacts {
	const { id, server, keypairs } = own;
	const hardware = mergeHardware(node.uuid, hardwareOf(own), hardwareOf(written));
	const { ports, subports, networks, subnets, trunks } = isWired(written) ? written : factsOfNode(node, hardware);
	// A server that only ports name has no name but its id.
	const name = written.server?.name === written.id ? server?.name : written.server?.name;
	const owner = keypairs?.[0]?.user_id ?? id;
	return {
		...emptyFacts(id),
		...written,
		id,
		...(written.server && {
			server: { user_id: owner, ...server, ...written.server, id, name: name ?? written.server.name },
		}),
		keypairs: written.keypairs?.map((keypair) => ({ user_id: owner, ...keypair })) ?? keypairs ?? [],
		...{ subports, networks, subnets, trunks },
		ports: ports.map((port) => ({ ...port, device_id: id })),
		bareMetalPorts: hardware.ports,
		portGroups: hardware.portGroups,
	};
}

/** Whether an inventory says more of the wiring than what the files source makes of NICs: that they use DHCP. */
function isWired({ ports, subports, bareMetalPorts, portGroups }: InstanceFacts): boolean {
	const nics = new Set([...bareMetalPorts, ...portGroups].map(({ uuid }) => uuid));
	return [...ports, ...subports].some(
		({ id, fixed_ips }) => !nics.has(id) || fixed_ips.some(({ ip_address }) => ip_address),
	);
}

function hardwareOf({ bareMetalPorts: ports, portGroups }: InstanceFacts): NodeHardware {
	return { ports, portGroups };
}
