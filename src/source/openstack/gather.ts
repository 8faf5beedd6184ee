/** One instance's facts from Neutron and Nova, asking for no more than what they are needed for. */
import { GuestwireError } from "../../errors.ts";
import { emptyFacts } from "../../instance/empty-facts.ts";
import type { InstanceFacts, PortFacts, ServerFacts, TrunkFacts } from "../../instance/facts.ts";
import type { Detail } from "../../instance/instance.ts";
import { isContested, isInstanceNic, ownPorts } from "../ownership.ts";
import type { Neutron, PortAnswer } from "./neutron.ts";
import type { Nova } from "./nova.ts";
import type { ServerAnswer } from "./servers.ts";

export interface Sources {
	readonly neutron: Neutron;
	readonly nova: Nova;
	/** Whether the DHCP servers' own ports are wanted: only Nova's profile tells them. */
	readonly dhcpPorts: boolean;
}

/** The facts of an instance; undefined: there is no such instance. See `FactsSource.facts`. */
export async function gather(id: string, detail: Detail, sources: Sources): Promise<InstanceFacts | undefined> {
	const record = detail === "wiring" ? undefined : gatherServer(id, sources.nova);
	record?.catch(() => {}); // awaited when the ports are known
	const claims = (await sources.neutron.portsOfDevice(id)).filter(isInstanceNic);
	// The record's documents tell nothing of NICs but their tags.
	if (detail === "server" && !mayHaveTags(claims))
		return record?.then((found) => found && { ...emptyFacts(id), ...found });
	return gatherAround(id, claims, detail, record, sources);
}

/** The ports' half of an instance, and as much of the server's as was asked for or has to be known. */
async function gatherAround(
	id: string,
	claims: readonly PortAnswer[],
	detail: Detail,
	record: Promise<ServerHalf | undefined> | undefined,
	sources: Sources,
): Promise<InstanceFacts | undefined> {
	const judge = async (): Promise<ServerHalf | undefined> => {
		const server = await sources.nova.server(id);
		return server && { server: serverFacts(server) };
	};
	const asked = record ?? (needsJudge(claims) ? judge() : undefined);
	const ports = isContested(claims) ? ownPorts(claims, (await asked)?.server).ports : claims;
	const gathering = gatherWiring(ports, sources);
	const [ofServer, wiring, ofPorts, tags] = await Promise.all([
		asked,
		gathering,
		detail === "all" ? gatherOfPorts(ports, gathering, sources) : undefined,
		detail !== "wiring" && mayHaveTags(ports) ? sources.nova.interfaceAttachments(id, idsOf(ports)) : [],
	]);
	if (asked === undefined) return { ...emptyFacts(id), ...wiring };
	if (ofServer === undefined) return undefined;
	const isWired = ownPorts(ports, ofServer.server).ports.length > 0;
	return { ...emptyFacts(id), ...(isWired && { ...wiring, ...ofPorts, interfaceAttachments: tags }), ...ofServer };
}

/**
 * Whether Nova has to be asked for the wiring too. One NIC needs no order, and claims what nobody else does. A port's
 * `device_id` is free text that any tenant can write (CVE-2013-6419): where several say that they are the instance's,
 * Nova says whose it is; where none does, whether there is one at all.
 */
function needsJudge(claims: readonly PortFacts[]): boolean {
	return claims.length !== 1;
}

/** A tag tells a device from others. Nova tells it one instance at a time, in a twentieth of a second. */
function mayHaveTags(ports: readonly PortFacts[]): boolean {
	return ports.length > 1;
}

type Wiring = Pick<InstanceFacts, "ports" | "subports" | "trunks" | "networks" | "subnets" | "dhcpPorts">;

async function gatherWiring(answers: readonly PortAnswer[], { neutron, dhcpPorts }: Sources): Promise<Wiring> {
	const ports = answers.map(({ trunk_details: _, ...port }) => port);
	const placesOf = (some: readonly PortFacts[]) =>
		Promise.all([
			each(
				neutron.network,
				some.map(({ network_id }) => network_id),
			),
			each(
				neutron.subnet,
				some.flatMap(({ fixed_ips }) => fixed_ips.map(({ subnet_id }) => subnet_id)),
			),
		]);
	const networkIds = ports.map(({ network_id }) => network_id);
	const [[networks, subnets], subports, trunks, servers] = await Promise.all([
		placesOf(ports),
		each(neutron.port, subportIds(answers)),
		trunksOf(answers, neutron),
		dhcpPorts ? each(neutron.dhcpPortsOfNetwork, networkIds) : [],
	]);
	const [moreNetworks, moreSubnets] = await placesOf(subports);
	return {
		ports,
		subports,
		trunks,
		networks: [...new Set([...networks, ...moreNetworks])],
		subnets: [...new Set([...subnets, ...moreSubnets])],
		dhcpPorts: servers,
	};
}

/** Each port's trunk. One that Neutron doesn't tell was deleted a moment ago, or is hidden from the user. */
async function trunksOf(ports: readonly PortAnswer[], neutron: Neutron): Promise<TrunkFacts[]> {
	const trunks = await each(neutron.trunk, trunkIds(ports));
	const told = new Set(trunks.map(({ id }) => id));
	const untold = ports.filter((port) => trunkIds([port]).some((id) => !told.has(id)));
	const still = trunkIds(
		await each(
			neutron.portsOfDevice,
			untold.map(({ device_id }) => device_id),
		),
	);
	const hidden = trunkIds(untold).find((id) => still.includes(id));
	if (hidden === undefined) return trunks;
	throw new GuestwireError(
		"cloud-answer",
		`Neutron doesn't tell trunk ${hidden}, which a port names: give the user get_trunk, see docs/openstack.md`,
	);
}

/** What only documents of all facts tell, and ports are enough to ask for. */
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

function trunkIds(ports: readonly PortAnswer[]): string[] {
	return ports.flatMap(({ trunk_details }) => trunk_details?.trunk_id ?? []);
}

function subportIds(ports: readonly PortAnswer[]): string[] {
	return ports.flatMap(({ trunk_details }) => trunk_details?.sub_ports.map(({ port_id }) => port_id) ?? []);
}

type ServerHalf = { readonly server: ServerFacts } & Partial<
	Pick<InstanceFacts, "volumeAttachments" | "keypair" | "dedicatedCpus">
>;

/** The server, and what Nova tells of it elsewhere. */
async function gatherServer(id: string, nova: Nova): Promise<ServerHalf | undefined> {
	const server = await nova.server(id);
	if (server === undefined) return undefined;
	const [volumeAttachments, keypair, dedicatedCpus] = await Promise.all([
		nova.volumeAttachments(server),
		nova.keypair(server),
		nova.dedicatedCpus(server),
	]);
	const more = { ...(keypair && { keypair }), ...(dedicatedCpus && { dedicatedCpus }) };
	return { server: serverFacts(server), volumeAttachments, ...more };
}

/** What is found for each of the different values, in their order. */
async function each<T>(find: (value: string) => Promise<readonly T[]>, values: readonly string[]): Promise<T[]> {
	return (await Promise.all([...new Set(values)].map(find))).flat();
}

function serverFacts({ "os-extended-volumes:volumes_attached": _, flavor, ...server }: ServerAnswer): ServerFacts {
	if (flavor === undefined) return server;
	const { extra_specs: _specs, ...facts } = flavor;
	return { ...server, flavor: facts };
}
