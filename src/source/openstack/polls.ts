/** What Nova and Neutron can be asked for at short intervals to learn of changes. */
import { isDeepStrictEqual } from "node:util";
import Type from "typebox";
import { reader } from "../api/answers.ts";
import { type Api, notThere } from "../api/api.ts";
import type { Poll } from "../api/poll.ts";
import type { Query } from "../api/query.ts";
import type { Signal } from "../remote-source.ts";
import type { NetworkResources } from "./network-resources.ts";

const readServer = reader(Type.Object({ id: Type.String(), updated: Type.String({ default: "" }) }));
const readTrunk = reader(
	Type.Object({
		id: Type.String(),
		revision_number: Type.Optional(Type.Integer()),
		port_id: Type.String(),
		sub_ports: Type.Array(Type.Object({ port_id: Type.String() }), { default: [] }),
	}),
);
type Trunk = ReturnType<typeof readTrunk>;

/** Nova's times have whole seconds, and a change may become visible a little later. Milliseconds. */
const OVERLAP = 2000;
/** By how much Nova's clock may be behind this one. Milliseconds. */
const LAG = 60_000;

/** The query for servers that have changed since a time, deleted ones included. @param since milliseconds since 1970 */
export const changedSince = (since: number): Query => [
	["all_tenants", "1"],
	["limit", "1000"],
	["changes-since", new Date(since).toISOString().replace(/\.\d+Z$/, "Z")],
];

/**
 * Nova's servers that have changed since the last poll that succeeded, deleted ones included. A volume or NIC that was
 * attached or detached does not show.
 *
 * Nova's clock is not this machine's. A change that was seen shows what time it was there at least, and so does the time
 * that has passed since.
 *
 * @param now milliseconds of a clock that is never set
 */
export function pollServers(api: Api, now = () => performance.now()): Poll {
	let latest = { change: Date.now() - LAG, seenAt: now() };
	const timeAtNova = (at: number) => latest.change + (at - latest.seenAt);
	/** At Nova, when the last poll that succeeded began. */
	let from = latest.change;
	/** What that poll found, by id. */
	let found: ReadonlyMap<string, unknown> = new Map();
	return async () => {
		const beganAt = timeAtNova(now());
		const answers = await api.list("/servers/detail", "servers", changedSince(from - OVERLAP));
		if (answers === undefined) throw notThere("/servers/detail");
		const servers = answers.map(({ value, where }) => ({ ...readServer(value, where), value }));
		const seenAt = now();
		for (const change of servers.map(({ updated }) => Date.parse(updated))) {
			if (change > timeAtNova(seenAt)) latest = { change, seenAt };
		}
		from = beganAt;
		const before = found;
		found = new Map(servers.map(({ id, value }) => [id, value]));
		const ids = servers.filter(({ id, value }) => !isDeepStrictEqual(before.get(id), value)).map(({ id }) => id);
		return ids.length === 0 ? [] : [{ kind: "server", ids: ids.map((id) => id.toLowerCase()) }];
	};
}

/** Trunks with another revision than at the last poll: their subports are added and removed without a notification. */
export function pollTrunks(network: Pick<NetworkResources, "list">): Poll {
	let known: ReadonlyMap<string, Trunk> | undefined;
	return async () => {
		const answers = await network.list("trunk", ["id", "revision_number", "port_id", "sub_ports"]);
		const trunks = new Map(
			answers.map(({ value, where }) => readTrunk(value, where)).map((trunk) => [trunk.id, trunk]),
		);
		const before = known ?? trunks;
		known = trunks;
		const ids = [...new Set([...before.keys(), ...trunks.keys()])];
		const changed = ids.filter((id) => !isDeepStrictEqual(before.get(id), trunks.get(id)));
		const ports = changed.flatMap((id) => movedPorts(before.get(id), trunks.get(id)));
		const signals: Signal[] = [
			{ kind: "trunk", ids: changed },
			{ kind: "port", ids: ports },
		];
		return signals.filter(({ ids }) => ids.length > 0);
	};
}

/** The subports that have joined or left a trunk. */
function movedPorts(before: Trunk | undefined, after: Trunk | undefined): string[] {
	const [old, current] = [before, after].map((trunk) => trunk?.sub_ports.map(({ port_id }) => port_id) ?? []);
	const all = [...new Set([...(old ?? []), ...(current ?? [])])];
	return all.filter((id) => old?.includes(id) !== current?.includes(id));
}
