/** Whose port is it? Look-ups by network, router, address and MAC, as Neutron's metadata agent makes them. */
import { GuestwireError } from "../../errors.ts";
import type { PortFacts } from "../../instance/facts.ts";
import { withoutUndefined } from "../../instance/without-undefined.ts";
import type { Answered } from "../api/api.ts";
import type { Query } from "../api/query.ts";
import { matchesQuery, ownerOf } from "../ownership.ts";
import type { Owner, PortQuery } from "../source.ts";
import { createBatch } from "./batch.ts";
import { type Neutron, readPort } from "./neutron.ts";

/** Neutron's filters for a port query whose router is resolved. */
type Filters = (query: PortQuery) => Query;

const onNetwork: Filters = ({ networkId }) => (networkId === undefined ? [] : [["network_id", networkId]]);
const byAddress: Filters = (query) => [...onNetwork(query), ["fixed_ips", `ip_address=${query.address}`]];
const byMac: Filters = (query) => [...onNetwork(query), ["mac_address", query.macAddress ?? ""]];

/** The look-up of owners. See `Source.owners`. */
export function createOwners(neutron: Neutron): (query: PortQuery) => Promise<readonly Owner[]> {
	const read = (answers: readonly Answered[]) => answers.map(({ value, where }) => readPort(value, where));

	/** Several look-ups in one call. It also returns ports that match a mix of their filters: each look-up picks its own. */
	function lookUps(filters: Filters): (query: PortQuery) => Promise<readonly PortFacts[]> {
		const find = createBatch<readonly PortFacts[]>({
			none: [],
			share: 0,
			async ask(keys) {
				const queries = keys.map((key): PortQuery => JSON.parse(key));
				const ports = read(await neutron.listFor("ports", queries, filters));
				return new Map(keys.map((key, at) => [key, ports.filter((port) => matchesQuery(port, queries[at] ?? {}))]));
			},
		});
		return (query) => find(JSON.stringify(query));
	}
	const withAddress = lookUps(byAddress);
	const withMac = lookUps(byMac);

	async function matchingPorts(query: PortQuery): Promise<readonly PortFacts[]> {
		const { address, macAddress, networkId } = query;
		if (address === undefined && macAddress === undefined) return [];
		// Filters narrow each other: a look-up on all networks can't share a call with one on a network.
		if (networkId === undefined) {
			const ports = read(await neutron.listFor("ports", [query], address === undefined ? byMac : byAddress));
			return ports.filter((port) => matchesQuery(port, query));
		}
		return address === undefined ? withMac(query) : withAddress(query);
	}

	async function networksOf({ networkId, routerId }: PortQuery): Promise<readonly (string | undefined)[]> {
		if (routerId === undefined) return [networkId];
		const interfaces = await neutron.interfacesOfRouter(routerId);
		const networks = [...new Set(interfaces.map(({ network_id }) => network_id))];
		return networkId === undefined ? networks : networks.filter((network) => network === networkId);
	}

	/** The NIC behind a port. A subport has no device, its trunk's parent port has; no filter leads from one to the other. */
	async function nicOf(port: PortFacts): Promise<readonly PortFacts[]> {
		if (port.device_owner !== "trunk:subport") return [port];
		const trunks = await neutron.trunksOfProject(port.project_id ?? "");
		const trunk = trunks.find(({ sub_ports }) => sub_ports.some(({ port_id }) => port_id === port.id));
		if (trunk !== undefined) return neutron.port(trunk.port_id);
		throw new GuestwireError(
			"cloud-answer",
			`Neutron does not show the trunk of subport ${port.id}: grant the user get_trunk, see docs/openstack.md`,
		);
	}

	return async (query) => {
		const { address, macAddress } = query;
		const networks = await networksOf(query);
		const queries = networks.map((networkId) => withoutUndefined<PortQuery>({ networkId, address, macAddress }));
		const ports = (await Promise.all(queries.map(matchingPorts))).flat();
		const owners = ports.map(async (port) => (await nicOf(port)).flatMap((nic) => ownerOf(port, nic) ?? []));
		return (await Promise.all(owners)).flat();
	};
}
