/** Gathers one instance's facts from Neutron and Nova, with no more calls than the wanted detail needs. */
import { vlanOfFunction } from "../../instance/assemble.ts";
import { emptyFacts } from "../../instance/empty-facts.ts";
import type { InstanceFacts, PortFacts, ServerFacts } from "../../instance/facts.ts";
import type { Detail } from "../../instance/instance.ts";
import type { NodeHardware } from "../../instance/node-nics.ts";
import { ramdiskPorts } from "../../instance/port-group.ts";
import type { PortAnswer } from "../neutron/neutron.ts";
import { each, gatherWiring, subportIds, type Wiring, type WiringSources } from "../neutron/wiring.ts";
import { isContested, isInstanceNic, ownPorts } from "../ownership.ts";
import type { RejectedPorts } from "../rejected-ports.ts";
import type { Nova } from "./nova.ts";
import { serverFacts } from "./servers.ts";

export interface Sources extends WiringSources {
	readonly nova: Nova;
	readonly rejected: RejectedPorts;
	/** The NICs and bonds of the node that a server runs on; undefined where there is none. */
	readonly hardwareOf: (serverId: string) => Promise<NodeHardware | undefined>;
}

/** The facts of an instance; undefined if there is none. See `FactsSource.facts`. */
export async function gather(id: string, detail: Detail, sources: Sources): Promise<InstanceFacts | undefined> {
	const record = detail === "wiring" ? undefined : gatherServer(id, sources.nova);
	record?.catch(() => {}); // awaited once the ports are known
	const named = (await sources.neutron.portsOfDevice(id)).filter(isInstanceNic);
	const candidates = sources.rejected.without(id, named);
	// Documents about the server contain nothing of its NICs but their tags and VLANs.
	const showsNics =
		sources.nova.mayHaveTags(candidates.length) || candidates.some((port) => vlanOfFunction(port) !== undefined);
	if (detail === "server" && !showsNics) return record?.then((found) => found && { ...emptyFacts(id), ...found });
	return gatherAround(id, { named, candidates }, detail, record, sources);
}

interface Candidates {
	/** All NICs that name the instance as their device. */
	readonly named: readonly PortAnswer[];
	/** Those that are not known to belong to another project. */
	readonly candidates: readonly PortAnswer[];
}

/** The facts of the ports, and those of the server that were asked for or are needed to judge the ports. */
async function gatherAround(
	id: string,
	{ named, candidates }: Candidates,
	detail: Detail,
	record: Promise<ServerHalf | undefined> | undefined,
	sources: Sources,
): Promise<InstanceFacts | undefined> {
	const findServer = async (): Promise<ServerHalf | undefined> => {
		const server = await sources.nova.server(id);
		return server && { server: serverFacts(server) };
	};
	const asked = record ?? (needsServer(candidates) ? findServer() : undefined);
	const ports = isContested(candidates) ? judge(id, candidates, (await asked)?.server, sources) : candidates;
	const gathering = gatherOnHardware(id, ports, named, sources);
	const [ofServer, wiring, ofPorts, tags] = await Promise.all([
		asked,
		gathering,
		detail === "all" ? gatherOfPorts(ports, gathering, sources) : undefined,
		detail !== "wiring" && sources.nova.mayHaveTags(ports.length)
			? sources.nova.interfaceAttachments(id, idsOf(ports))
			: [],
	]);
	if (asked === undefined) return { ...emptyFacts(id), ...wiring };
	if (ofServer === undefined) return undefined;
	const isWired = ownPorts(ports, ofServer.server).ports.length > 0;
	return { ...emptyFacts(id), ...(isWired && { ...wiring, ...ofPorts, interfaceAttachments: tags }), ...ofServer };
}

/** The ports that are the instance's, if its server is known. */
function judge(
	id: string,
	candidates: readonly PortAnswer[],
	server: ServerFacts | undefined,
	{ rejected }: Sources,
): readonly PortAnswer[] {
	const { ports, projectId } = ownPorts(candidates, server);
	if (projectId !== undefined) {
		const own = new Set(ports);
		rejected.add(
			id,
			candidates.filter((port) => !own.has(port)),
		);
	}
	return ports;
}

/**
 * Whether the server is needed even for the wiring. A single NIC needs no order, and its claim is not contested. With
 * several, only Nova knows their order and the project they must belong to (see ownership.ts); without any, only Nova
 * knows whether the instance exists.
 */
function needsServer(candidates: readonly PortFacts[]): boolean {
	return candidates.length !== 1;
}

/** The wiring, and for a server on bare metal what Ironic knows of its NICs. */
async function gatherOnHardware(
	id: string,
	ports: readonly PortAnswer[],
	named: readonly PortAnswer[],
	sources: Sources,
): Promise<Wiring & Partial<Pick<InstanceFacts, "bareMetalPorts" | "portGroups">>> {
	const isBareMetal = ports.some((port) => port["binding:vnic_type"] === "baremetal");
	const [wiring, hardware] = await Promise.all([
		gatherWiring(ports, sources),
		isBareMetal ? sources.hardwareOf(id) : undefined,
	]);
	if (hardware === undefined) return wiring;
	const { ports: bareMetalPorts, portGroups } = hardware;
	// They are in Ironic's project, and belong to no server.
	const ofRamdisk = ramdiskPorts({ bareMetalPorts, portGroups });
	const more = named.filter((port) => ofRamdisk.has(port.id) && !ports.includes(port));
	return {
		...wiring,
		ports: [...wiring.ports, ...more.map(({ trunk_details: _, ...port }) => port)],
		...{ bareMetalPorts, portGroups },
	};
}

/** Facts that only detail `all` needs, found by the ports. */
async function gatherOfPorts(ports: readonly PortAnswer[], wiring: Promise<Wiring>, { neutron }: Sources) {
	const groupsOf = (some: readonly PortFacts[]) =>
		each(
			neutron.securityGroup,
			some.flatMap(({ security_groups }) => security_groups),
		);
	const [floatingIps, groups, subports] = await Promise.all([
		each(neutron.floatingIpsOfPort, [...idsOf(ports), ...subportIds(ports)]),
		groupsOf(ports),
		wiring.then(({ subports }) => groupsOf(subports)),
	]);
	return { floatingIps, securityGroups: [...new Set([...groups, ...subports])] };
}

const idsOf = (ports: readonly PortAnswer[]) => ports.map(({ id }) => id);

type ServerHalf = { readonly server: ServerFacts } & Partial<
	Pick<InstanceFacts, "volumeAttachments" | "keypairs" | "dedicatedCpus" | "shares">
>;

/** The server, and what other calls to Nova return about it. */
async function gatherServer(id: string, nova: Nova): Promise<ServerHalf | undefined> {
	const server = await nova.server(id);
	if (server === undefined) return undefined;
	const [volumeAttachments, keypairs, dedicatedCpus, shares] = await Promise.all([
		nova.volumeAttachments(server),
		nova.keypairs(server),
		nova.dedicatedCpus(server),
		nova.shares(server),
	]);
	const more = { ...(keypairs.length > 0 && { keypairs }), ...(dedicatedCpus && { dedicatedCpus }) };
	return { server: serverFacts(server), volumeAttachments, ...more, ...(shares && { shares }) };
}
