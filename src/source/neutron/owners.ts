/** Whose port is it? Look-ups by network, router, address and MAC, as Neutron's metadata agent makes them. */
import { GuestwireError } from "../../errors.ts";
import type { PortFacts } from "../../instance/facts.ts";
import type { NodeHardware } from "../../instance/node-nics.ts";
import { SUBPORT_OWNER } from "../../instance/port-owner.ts";
import { withoutUndefined } from "../../instance/without-undefined.ts";
import type { Answered } from "../api/api.ts";
import { createBatch } from "../api/batch.ts";
import type { Query } from "../api/query.ts";
import { macAlone, matchesQuery, ownerOf, ownersOfNic, queriedNetworks } from "../ownership.ts";
import type { Owner, PortQuery } from "../source.ts";
import { type Neutron, readPort } from "./neutron.ts";

/** Neutron's filters for a port query whose router is resolved. */
type Filters = (query: PortQuery) => Query;

const onNetwork: Filters = ({ networkId }) => (networkId === undefined ? [] : [["network_id", networkId]]);
const byAddress: Filters = (query) => [...onNetwork(query), ["fixed_ips", `ip_address=${query.address}`]];
const byMac: Filters = (query) => [...onNetwork(query), ["mac_address", query.macAddress ?? ""]];

const readPorts = (answers: readonly Answered[]) => answers.map(({ value, where }) => readPort(value, where));

/** The networks that a query is about, its router resolved; undefined: any. */
export async function networksOf(
	{ interfacesOfRouter }: { readonly interfacesOfRouter: (id: string) => Promise<readonly PortFacts[]> },
	query: PortQuery,
): Promise<readonly string[] | undefined> {
	const { routerId } = query;
	return queriedNetworks(query, routerId === undefined ? [] : await interfacesOfRouter(routerId));
}

/** The instance on the node that has a NIC with this MAC address, and the node's hardware. */
export type FindByNic = (macAddress: string) => Promise<(NodeHardware & { readonly id: string }) | undefined>;

/**
 * The look-up of owners. See `Source.owners`.
 *
 * @param findByNic asked for a MAC address that no port has
 */
export function createOwners(neutron: Neutron, findByNic: FindByNic): (query: PortQuery) => Promise<readonly Owner[]> {
	const withAddress = createPortLookUps(neutron, byAddress);
	const withMac = createPortLookUps(neutron, byMac);

	async function matchingPorts(query: PortQuery): Promise<readonly PortFacts[]> {
		const { address, macAddress, networkId } = query;
		if (address === undefined && macAddress === undefined) return [];
		// Filters narrow each other: a look-up on all networks can't share a call with one on a network.
		if (networkId === undefined) {
			const ports = readPorts(await neutron.listFor("ports", [query], address === undefined ? byMac : byAddress));
			return ports.filter((port) => matchesQuery(port, query));
		}
		return address === undefined ? withMac(query) : withAddress(query);
	}

	async function ownersByNic(query: PortQuery, networks: readonly string[] | undefined): Promise<readonly Owner[]> {
		const macAddress = macAlone(query);
		const found = macAddress === undefined ? undefined : await findByNic(macAddress);
		if (macAddress === undefined || found === undefined) return [];
		const { id, ports: bareMetalPorts, portGroups } = found;
		const ports = networks === undefined ? [] : await neutron.portsOfDevice(id);
		return ownersOfNic({ id, ports, bareMetalPorts, portGroups }, macAddress, networks);
	}

	return async (query) => {
		const { address, macAddress } = query;
		const networks = await networksOf(neutron, query);
		const queries = (networks ?? [undefined]).map((networkId) =>
			withoutUndefined<PortQuery>({ networkId, address, macAddress }),
		);
		const ports = (await Promise.all(queries.map(matchingPorts))).flat();
		const found = ports.map(async (port) => (await nicOf(neutron, port)).flatMap((nic) => ownerOf(port, nic) ?? []));
		const owners = (await Promise.all(found)).flat();
		return owners.length > 0 ? owners : ownersByNic(query, networks);
	};
}

/** Several look-ups in one call. It also returns ports that match a mix of their filters: each look-up picks its own. */
function createPortLookUps(neutron: Neutron, filters: Filters): (query: PortQuery) => Promise<readonly PortFacts[]> {
	const find = createBatch<readonly PortFacts[]>({
		none: [],
		share: 0,
		async ask(keys) {
			const queries = keys.map((key): PortQuery => JSON.parse(key));
			const ports = readPorts(await neutron.listFor("ports", queries, filters));
			return new Map(keys.map((key, at) => [key, ports.filter((port) => matchesQuery(port, queries[at] ?? {}))]));
		},
	});
	return (query) => find(JSON.stringify(query));
}

/** The NIC behind a port. A subport has no device, its trunk's parent port has; no filter leads from one to the other. */
async function nicOf(neutron: Neutron, port: PortFacts): Promise<readonly PortFacts[]> {
	if (port.device_owner !== SUBPORT_OWNER) return [port];
	const trunks = await neutron.trunksOfProject(port.project_id ?? "");
	const trunk = trunks.find(({ sub_ports }) => sub_ports.some(({ port_id }) => port_id === port.id));
	if (trunk !== undefined) return neutron.port(trunk.port_id);
	throw new GuestwireError(
		"cloud-answer",
		`Neutron does not show the trunk of subport ${port.id}: grant the user get_trunk, see docs/openstack.md`,
	);
}
