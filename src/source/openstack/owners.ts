/** Whose address is it? Look-ups by network, router, address and MAC, as Neutron's metadata agent makes them. */
import { GuestwireError } from "../../errors.ts";
import type { PortFacts } from "../../instance/facts.ts";
import { ownerOf } from "../ownership.ts";
import type { Owner, PortQuery } from "../source.ts";
import type { Answered } from "./api.ts";
import { createBatch } from "./batch.ts";
import { type Neutron, readPort } from "./neutron.ts";
import type { Query } from "./query.ts";

/** Where a port is looked for: on one network or, without, on all. */
interface Place {
	readonly networkId?: string | undefined;
	readonly address?: string | undefined;
	readonly macAddress?: string | undefined;
}

type Filters = (place: Place) => Query;

const onNetwork: Filters = ({ networkId }) => (networkId === undefined ? [] : [["network_id", networkId]]);
const byAddress: Filters = (place) => [...onNetwork(place), ["fixed_ips", `ip_address=${place.address}`]];
const byMac: Filters = (place) => [...onNetwork(place), ["mac_address", place.macAddress ?? ""]];

const isAt = (port: PortFacts, { networkId, address, macAddress }: Place) =>
	(networkId === undefined || port.network_id === networkId) &&
	(address === undefined || port.fixed_ips.some((ip) => ip.ip_address === address)) &&
	(macAddress === undefined || port.mac_address.toLowerCase() === macAddress);

/** The look-up of instances by their ports' place. See `Source.owners`. */
export function createOwners(neutron: Neutron): (query: PortQuery) => Promise<readonly Owner[]> {
	const read = (answers: readonly Answered[]) => answers.map(({ value, where }) => readPort(value, where));

	/** Ports at any of the places and at places that mix their filters: the caller looks which are its own. */
	function lookUps(filters: Filters): (place: Place) => Promise<readonly PortFacts[]> {
		const find = createBatch<readonly PortFacts[]>({
			none: [],
			share: 0,
			async ask(keys) {
				const places = keys.map((key): Place => JSON.parse(key));
				const ports = read(await neutron.listFor("ports", places, filters));
				return new Map(keys.map((key, at) => [key, ports.filter((port) => isAt(port, places[at] ?? {}))]));
			},
		});
		return (place) => find(JSON.stringify(place));
	}
	const atAddress = lookUps(byAddress);
	const atMac = lookUps(byMac);

	async function portsAt(place: Place): Promise<readonly PortFacts[]> {
		if (place.address === undefined && place.macAddress === undefined) return [];
		const filters = place.address === undefined ? byMac : byAddress;
		// Filters narrow each other: a look-up on all networks can't stand beside one on a network.
		if (place.networkId === undefined) {
			return read(await neutron.listFor("ports", [place], filters)).filter((port) => isAt(port, place));
		}
		return place.address === undefined ? atMac(place) : atAddress(place);
	}

	async function networksOf({ networkId, routerId }: PortQuery): Promise<readonly (string | undefined)[]> {
		if (routerId === undefined) return [networkId];
		const interfaces = await neutron.interfacesOfRouter(routerId);
		const networks = [...new Set(interfaces.map(({ network_id }) => network_id))];
		return networkId === undefined ? networks : networks.filter((network) => network === networkId);
	}

	/** A trunk's subport has no device: its trunk's parent port has. No filter leads from a subport to its trunk. */
	async function nicOf(port: PortFacts): Promise<readonly PortFacts[]> {
		if (port.device_owner !== "trunk:subport") return [port];
		const trunks = await neutron.trunksOfProject(port.project_id ?? "");
		const trunk = trunks.find(({ sub_ports }) => sub_ports.some(({ port_id }) => port_id === port.id));
		if (trunk !== undefined) return neutron.port(trunk.port_id);
		throw new GuestwireError(
			"cloud-answer",
			`Neutron doesn't tell the trunk of subport ${port.id}: give the user get_trunk, see docs/openstack.md`,
		);
	}

	return async (query) => {
		const { address, macAddress } = query;
		const networks = await networksOf(query);
		const ports = await Promise.all(networks.map((networkId) => portsAt({ networkId, address, macAddress })));
		const owners = ports.flat().map(async (port) => (await nicOf(port)).flatMap((nic) => ownerOf(port, nic) ?? []));
		return (await Promise.all(owners)).flat();
	};
}
