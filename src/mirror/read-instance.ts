/** One instance's facts, put together from the mirror. Whose a port is stays the business of `source/ownership.ts`. */
import { emptyFacts } from "../instance/empty-facts.ts";
import type { InstanceFacts, PortFacts, SecurityGroupFacts, ServerFacts } from "../instance/facts.ts";
import { withGroupNames } from "../instance/group-names.ts";
import { isDhcpPort } from "../instance/port-owner.ts";
import { isInstanceNic, ownPorts } from "../source/ownership.ts";
import { contentsOf, type Resource, type ResourceName, textOfName } from "../source/resource.ts";
import { keypairIdsOf } from "../source/source.ts";
import type { DeletedResource, MirrorStore, Selector } from "./mirror-store.ts";

export interface InstanceReading {
	/** Undefined: the mirror has neither the server nor a port of it, or the server is deleted. */
	readonly facts: InstanceFacts | undefined;
	/** What the facts refer to, and the mirror neither has nor knows to be deleted: unless it is empty, they are incomplete. */
	readonly missing: readonly ResourceName[];
	/** What the facts consist of. */
	readonly resources: readonly Resource[];
	/** What they refer to and is known to be deleted. */
	readonly deleted: readonly DeletedResource[];
	/** The last batch that the facts include. */
	readonly sequence: number;
}

export interface ReadInstanceOptions {
	/** Whether the ports of DHCP servers are read too, for profile `nova`. */
	readonly dhcpPorts: boolean;
}

type Reader = Pick<MirrorStore, "read">;

/** How often a reading starts again because a batch came between its steps. */
const ATTEMPTS = 5;

/**
 * Reads an instance in two steps, four if it has a trunk. All steps see the same moment, unless batches follow one
 * another without a pause; then the last attempt counts.
 *
 * @param id lower case
 */
export async function readInstance(store: Reader, id: string, options: ReadInstanceOptions): Promise<InstanceReading> {
	for (let attempt = 1; ; attempt += 1) {
		const { resources, deleted, sequences } = await readResources(store, id, options);
		const [sequence = 0] = sequences;
		if (attempt < ATTEMPTS && sequences.some((other) => other !== sequence)) continue;
		const isGone = (name: ResourceName) => deleted.has(textOfName(name));
		const facts = isGone({ kind: "server", id }) ? undefined : factsOf(resources, id, isGone);
		const missing = facts === undefined ? [] : missingFrom(resources, facts);
		return {
			facts,
			missing: missing.filter((name) => !isGone(name)),
			resources: [...resources.values()],
			deleted: [...deleted.values()],
			sequence,
		};
	}
}

/** Facts with Nova's microversion, if that is known. */
export function withMicroversion(facts: InstanceFacts, novaMicroversion: string | undefined): InstanceFacts {
	return novaMicroversion === undefined ? facts : { ...facts, novaMicroversion };
}

/**
 * Whether the server may have user data that the facts lack.
 *
 * @param isStored whether the mirror stores user data
 */
export function hidesUserData({ server }: InstanceFacts, isStored: boolean): boolean {
	return !isStored && server?.["OS-EXT-SRV-ATTR:user_data"] === undefined;
}

/** By kind and id. */
type Resources = ReadonlyMap<string, Resource>;

async function readResources(store: Reader, id: string, { dhcpPorts }: ReadInstanceOptions) {
	const resources = new Map<string, Resource>();
	const deleted = new Map<string, DeletedResource>();
	const sequences: number[] = [];
	const read = async (selectors: readonly Selector[]) => {
		const snapshot = await store.read(selectors);
		sequences.push(snapshot.sequence);
		for (const resource of snapshot.resources) resources.set(textOfName(resource), resource);
		for (const name of snapshot.deleted) deleted.set(textOfName(name), name);
	};
	await read([
		{ kind: "server", ids: [id] },
		{ kind: "server_details", ids: [id] },
		{ kind: "port", key: "device", values: [id] },
		{ kind: "baremetal_node", key: "instance", values: [id] },
	]);
	const ports = nicsOf(resources, id);
	const portIds = ports.map((port) => port.id);
	const nodeIds = contentsOf(resources.values(), "baremetal_node").map(({ uuid }) => uuid);
	await read([
		{ kind: "keypair", ids: keypairIdsIn(resources) },
		...neighboursOf(ports),
		{ kind: "trunk", key: "port", values: portIds },
		{ kind: "floatingip", key: "port", values: portIds },
		{ kind: "port", key: "dhcp_network", values: dhcpPorts ? ports.map(({ network_id }) => network_id) : [] },
		{ kind: "baremetal_port", key: "node", values: nodeIds },
		{ kind: "portgroup", key: "node", values: nodeIds },
	]);
	const subportIds = subportIdsOf(resources);
	if (subportIds.length > 0) {
		await read([
			{ kind: "port", ids: subportIds },
			{ kind: "floatingip", key: "port", values: subportIds },
		]);
		await read(neighboursOf(portsById(resources, subportIds)));
	}
	return { resources, deleted, sequences };
}

/** What ports refer to. */
function neighboursOf(ports: readonly PortFacts[]): Selector[] {
	return [
		{ kind: "network", ids: [...new Set(ports.map(({ network_id }) => network_id))] },
		{ kind: "subnet", ids: [...new Set(ports.flatMap((port) => port.fixed_ips.map(({ subnet_id }) => subnet_id)))] },
		{ kind: "security_group", ids: [...new Set(ports.flatMap(({ security_groups }) => security_groups))] },
	];
}

function factsOf(resources: Resources, id: string, isGone: (name: ResourceName) => boolean): InstanceFacts | undefined {
	const [server] = contentsOf(resources.values(), "server");
	const keypairs = contentsOf(resources.values(), "keypair");
	const [details] = contentsOf(resources.values(), "server_details");
	const ports = nicsOf(resources, id);
	const securityGroups = contentsOf(resources.values(), "security_group");
	if (server === undefined && ports.length === 0) return undefined;
	return {
		...emptyFacts(id),
		...(server && { server: withCurrentGroups(server, ports, securityGroups, isGone) }),
		...(keypairs.length > 0 && { keypairs }),
		...(details?.dedicatedCpus && { dedicatedCpus: details.dedicatedCpus }),
		ports,
		subports: portsById(resources, subportIdsOf(resources)),
		trunks: contentsOf(resources.values(), "trunk"),
		networks: contentsOf(resources.values(), "network"),
		subnets: contentsOf(resources.values(), "subnet"),
		dhcpPorts: contentsOf(resources.values(), "port").filter(isDhcpPort),
		floatingIps: contentsOf(resources.values(), "floatingip"),
		securityGroups,
		...(details && {
			interfaceAttachments: details.interfaceAttachments,
			volumeAttachments: details.volumeAttachments,
			...(details.shares && { shares: details.shares }),
		}),
		bareMetalPorts: contentsOf(resources.values(), "baremetal_port"),
		portGroups: contentsOf(resources.values(), "portgroup"),
	};
}

/** A group that is missing may be one that was not read yet. */
function withCurrentGroups(
	server: ServerFacts,
	candidates: readonly PortFacts[],
	groups: readonly SecurityGroupFacts[],
	isGone: (name: ResourceName) => boolean,
): ServerFacts {
	const { ports } = ownPorts(candidates, server);
	const known = new Set(groups.map(({ id }) => id));
	const ids = ports.flatMap(({ security_groups }) => security_groups);
	const areKnown = ids.every((id) => known.has(id) || isGone({ kind: "security_group", id }));
	return withGroupNames(server, ports, areKnown ? groups : undefined);
}

function missingFrom(resources: Resources, { id, ports, subports }: InstanceFacts): ResourceName[] {
	const wanted: ResourceName[] = [
		{ kind: "server", id },
		{ kind: "server_details", id },
		...keypairIdsIn(resources).map((keypair) => ({ kind: "keypair", id: keypair }) as const),
		...subportIdsOf(resources).map((subport) => ({ kind: "port", id: subport }) as const),
		...neighboursOf([...ports, ...subports]).flatMap((selector) =>
			"ids" in selector ? selector.ids.map((other) => ({ kind: selector.kind, id: other })) : [],
		),
	];
	return wanted.filter((name) => !resources.has(textOfName(name)));
}

function nicsOf(resources: Resources, id: string): PortFacts[] {
	const ports = contentsOf(resources.values(), "port");
	return ports.filter((port) => port.device_id.toLowerCase() === id && isInstanceNic(port));
}

function portsById(resources: Resources, ids: readonly string[]): PortFacts[] {
	const wanted = new Set(ids);
	return contentsOf(resources.values(), "port").filter(({ id }) => wanted.has(id));
}

function subportIdsOf(resources: Resources): string[] {
	return contentsOf(resources.values(), "trunk").flatMap(({ sub_ports }) => sub_ports.map(({ port_id }) => port_id));
}

function keypairIdsIn(resources: Resources): string[] {
	return contentsOf(resources.values(), "server").flatMap(keypairIdsOf);
}
