/** Neutron, read in bulk. https://docs.openstack.org/api-ref/network/v2/ */
import { isDeepStrictEqual } from "node:util";
import { LRUCache } from "lru-cache";
import Type, { type Static, type TSchema } from "typebox";
import { GuestwireError } from "../../errors.ts";
import {
	FloatingIpFacts,
	NetworkFacts,
	PortFacts,
	SecurityGroupFacts,
	SubnetFacts,
	TrunkFacts,
} from "../../instance/facts.ts";
import { DHCP_OWNER } from "../../instance/port-owner.ts";
import { CHECK_SERVICE, type Reader, reader } from "../api/answers.ts";
import { type Answered, type Api, notThere } from "../api/api.ts";
import { type BatchOptions, type Burst, createBatch } from "../api/batch.ts";
import { type Query, splitToFit, toSearch } from "../api/query.ts";
import type { Shared } from "../api/shared.ts";
import { ROUTER_INTERFACE_OWNERS } from "../ownership.ts";
import type { Change, ChangeKind } from "../source.ts";

/** A port, and the subports of the trunk that it is the parent of (extension `trunk-details`). */
const PortAnswer = Type.Object({
	...PortFacts.properties,
	trunk_details: Type.Optional(
		Type.Union([
			Type.Object({ trunk_id: Type.String(), sub_ports: Type.Array(Type.Object({ port_id: Type.String() })) }),
			Type.Null(),
		]),
	),
});
export type PortAnswer = Static<typeof PortAnswer>;

/** Finds what has the given value, in Neutron's order. Look-ups at nearly the same moment share calls. */
type Find<T> = Shared<readonly T[]>;

export interface Neutron {
	readonly portsOfDevice: Find<PortAnswer>;
	/** While many instances boot: look-ups of their ports. */
	readonly burst: Burst;
	readonly port: Find<PortFacts>;
	readonly portWithTrunk: Find<PortAnswer>;
	readonly dhcpPortsOfNetwork: Find<PortFacts>;
	/** The ports of a router on the networks it serves. */
	readonly interfacesOfRouter: Find<PortFacts>;
	readonly network: Find<NetworkFacts>;
	readonly subnet: Find<SubnetFacts>;
	readonly trunk: Find<TrunkFacts>;
	readonly trunksOfProject: Find<TrunkFacts>;
	readonly floatingIpsOfPort: Find<FloatingIpFacts>;
	readonly securityGroup: Find<SecurityGroupFacts>;
	/**
	 * All pages of a listing, with the filters of as many values in a call as fit in its query. Empty for floating IPs in
	 * a cloud without them.
	 */
	listFor<V>(collection: string, values: readonly V[], filters: (value: V) => Query, also?: Query): Promise<Answered[]>;
	/** Forgets shared results that contain the changed resources. */
	invalidate(change: Change): void;
}

/**
 * The collection that the cloud may lack: nothing about a port shows whether its extension is installed. Trunks and
 * security groups are only asked for if a port names them, and so must exist.
 */
const MAY_BE_MISSING = "floatingips";
/** How long a missing extension counts: a 404 may also come from a proxy while the cloud is being changed. Milliseconds. */
export const MISSING_TTL = 300_000;

const ROUTER_INTERFACES: Query = ROUTER_INTERFACE_OWNERS.map((owner) => ["device_owner", owner]);

/** Of networks, subnets, trunks and security groups each. */
const MOST_INTERNED = 20_000;

export const readPort = reader(PortFacts);

/**
 * @param api its base ends with `/v2.0`
 * @param share milliseconds for which resources that many instances have in common are not asked for again
 */
export function createNeutron(api: Api, share: number): Neutron {
	const listEach = createListing(api);
	/** While many instances boot, networks and the rest are asked for once all their ports are known. */
	const burst: Burst = { ended: Promise.resolve() };
	const finders = createFinders(listEach, burst, share);
	/** The shared results, by the kind of change; their keys are the changed resources' ids. */
	const affected: Partial<Record<ChangeKind, readonly Pick<Shared<unknown>, "invalidate">[]>> = {
		network: [finders.network, finders.dhcpPortsOfNetwork],
		subnet: [finders.subnet],
		trunk: [finders.trunk],
		security_group: [finders.securityGroup],
		router: [finders.interfacesOfRouter],
	};
	return {
		...finders,
		burst,
		async listFor(collection, values, filters, also = []) {
			const all: Answered[] = [];
			await listEach(collection, values, filters, also, (_some, found) => void all.push(...found));
			return all;
		},
		invalidate({ kind, ids }) {
			for (const finder of affected[kind] ?? []) for (const id of ids) finder.invalidate(id);
			// The project of a changed trunk is unknown.
			if (kind === "trunk") finders.trunksOfProject.clear();
		},
	};
}

/** Lists what has one of the values, and calls back with the values of each call as soon as it is answered. */
type ListEach = <V>(
	collection: string,
	values: readonly V[],
	filters: (value: V) => Query,
	also: Query,
	onList: (some: readonly V[], found: readonly Answered[]) => void,
) => Promise<void>;

function createListing(api: Api): ListEach {
	let missingUntil = Number.NEGATIVE_INFINITY;

	async function list(path: string, collection: string, query: Query): Promise<readonly Answered[]> {
		const found = await api.list(path, collection, query);
		if (found !== undefined) return found;
		if (collection !== MAY_BE_MISSING) throw notThere(path);
		missingUntil = performance.now() + MISSING_TTL;
		return [];
	}

	return async (collection, values, filters, also, onList) => {
		if (collection === MAY_BE_MISSING && performance.now() < missingUntil) return;
		const path = `/${collection.replaceAll("_", "-")}`;
		const taken = (await api.room(path)) + toSearch(also).length + 1;
		const lists = splitToFit(values, filters, taken);
		await Promise.all(
			lists.map(async (some) => onList(some, await list(path, collection, [...also, ...some.flatMap(filters)]))),
		);
	};
}

type FinderOptions = Partial<Pick<BatchOptions<unknown>, "share" | "leads" | "follows">> & { readonly also?: Query };

/** @param burst see Neutron */
function createFinders(listEach: ListEach, burst: Burst, share: number) {
	function finder<T>(collection: string, by: string, read: Reader<T>, options: FinderOptions = {}): Find<T> {
		const { also = [], ...batching } = options;
		const ask: BatchOptions<readonly T[]>["ask"] = async (values, resolve) => {
			await listEach(
				collection,
				values,
				(value) => [[by, value]],
				also,
				(some, found) => {
					const groups = groupBy(found, by, read);
					for (const value of some) resolve(value, groups.get(value) ?? []);
				},
			);
			return new Map();
		};
		return createBatch<readonly T[]>({ ask, none: [], share: 0, follows: burst, ...batching });
	}
	const byId = <S extends TSchema>(collection: string, schema: S) =>
		finder(collection, "id", interned(reader(schema)), { share });

	return {
		portsOfDevice: finder("ports", "device_id", reader(PortAnswer), { leads: burst, follows: undefined }),
		port: finder("ports", "id", readPort),
		portWithTrunk: finder("ports", "id", reader(PortAnswer), { leads: burst, follows: undefined }),
		dhcpPortsOfNetwork: finder("ports", "network_id", readPort, { share, also: [["device_owner", DHCP_OWNER]] }),
		interfacesOfRouter: finder("ports", "device_id", readPort, { share, also: ROUTER_INTERFACES }),
		network: byId("networks", NetworkFacts),
		subnet: byId("subnets", SubnetFacts),
		trunk: byId("trunks", TrunkFacts),
		trunksOfProject: finder("trunks", "project_id", reader(TrunkFacts), { share }),
		floatingIpsOfPort: finder("floatingips", "port_id", reader(FloatingIpFacts)),
		securityGroup: byId("security_groups", SecurityGroupFacts),
	};
}

/** Returns the same object for an equal answer: what many instances have in common is stored once. */
function interned<T extends object>(read: Reader<T>): Reader<T> {
	const known = new LRUCache<string, T>({ max: MOST_INTERNED });
	return (value, where) => {
		const answer = read(value, where);
		const { id } = value as { readonly id: string };
		const old = known.get(id);
		if (old !== undefined && isDeepStrictEqual(old, answer)) return old;
		known.set(id, answer);
		return answer;
	};
}

/** Groups answers by the member that was filtered by. An invalid answer is an error for its own value only. */
function groupBy<T>(answers: readonly Answered[], by: string, read: Reader<T>): Map<string, T[] | Error> {
	const groups = new Map<string, T[] | Error>();
	for (const { value, where } of answers) {
		const key = (value as Record<string, unknown> | null)?.[by];
		if (typeof key !== "string")
			throw new GuestwireError("cloud-answer", `${where}: ${by} must be text: ${CHECK_SERVICE}`);
		const group = groups.get(key) ?? [];
		if (group instanceof Error) continue;
		try {
			group.push(read(value, where));
			groups.set(key, group);
		} catch (error) {
			groups.set(key, error as Error);
		}
	}
	return groups;
}
