/** Ports by address, MAC address, network and router, for finding out who is asking. */
import type { PortFacts, TrunkFacts } from "../instance/facts.ts";
import { matchesQuery, queriedNetworks } from "../source/ownership.ts";
import { contentsOf } from "../source/resource.ts";
import type { PortQuery } from "../source/source.ts";
import { networkAddress } from "./keys.ts";
import type { MirrorStore, Selector } from "./mirror-store.ts";

/** A matching port, and the port that names its device: the parent of its trunk, else the port itself. */
export interface PortMatch {
	readonly port: PortFacts;
	readonly nic: PortFacts;
	/** The trunk between them. */
	readonly trunkId?: string;
}

type Reader = Pick<MirrorStore, "read">;

/** The ports that match every member of the query, as `ownerOf` takes them. None without an address or MAC address. */
export async function findPorts(store: Reader, query: PortQuery): Promise<readonly PortMatch[]> {
	const { address, macAddress } = query;
	if (address === undefined && macAddress === undefined) return [];
	const networks = await networksOf(store, query);
	const { resources } = await store.read([portSelector(query, networks)]);
	const ports = contentsOf(resources, "port").filter(
		(port) =>
			(networks === undefined || networks.includes(port.network_id)) &&
			matchesQuery(port, {
				...(address !== undefined && { address }),
				...(macAddress !== undefined && { macAddress }),
			}),
	);
	return withNics(store, ports);
}

/** The networks that a query is about; undefined: any. */
export async function networksOf(store: Reader, query: PortQuery): Promise<readonly string[] | undefined> {
	const { routerId } = query;
	if (routerId === undefined) return queriedNetworks(query, []);
	const { resources } = await store.read([{ kind: "port", key: "device", values: [routerId.toLowerCase()] }]);
	return queriedNetworks(query, contentsOf(resources, "port"));
}

function portSelector({ address, macAddress = "" }: PortQuery, networks: readonly string[] | undefined): Selector {
	if (address === undefined) return { kind: "port", key: "mac", values: [macAddress] };
	if (networks === undefined) return { kind: "port", key: "address", values: [address] };
	const values = networks.map((network) => networkAddress(network, address));
	return { kind: "port", key: "network_address", values };
}

/** Subports have no device of their own. */
async function withNics(store: Reader, ports: readonly PortFacts[]): Promise<PortMatch[]> {
	const subports = ports.filter(({ device_owner }) => device_owner === "trunk:subport").map(({ id }) => id);
	if (subports.length === 0) return ports.map((port) => ({ port, nic: port }));
	const trunks = await store.read([{ kind: "trunk", key: "subport", values: subports }]);
	const trunkOf = new Map(contentsOf(trunks.resources, "trunk").flatMap(trunkBySubport));
	const parentIds = new Set(Array.from(trunkOf.values(), ({ port_id }) => port_id));
	const parents = await store.read([{ kind: "port", ids: [...parentIds] }]);
	const byId = new Map(contentsOf(parents.resources, "port").map((port) => [port.id, port]));
	return ports.map((port) => {
		const trunk = trunkOf.get(port.id);
		const nic = trunk && byId.get(trunk.port_id);
		return trunk && nic ? { port, nic, trunkId: trunk.id } : { port, nic: port };
	});
}

function trunkBySubport(trunk: TrunkFacts): [string, TrunkFacts][] {
	return trunk.sub_ports.map(({ port_id }) => [port_id, trunk]);
}
