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
 * Nova's servers that have changed since the last poll, deleted ones included. A volume or NIC that was attached or
 * detached does not show.
 *
 * Nova's clock is not this machine's: it is known to be at least as late as the latest change that was seen.
 */
export function pollServers(api: Api, now: () => number = Date.now): Poll {
	let latest = { change: now() - LAG, seenAt: now() };
	return async () => {
		const seenAt = now();
		const since = latest.change + (seenAt - latest.seenAt) - OVERLAP;
		const answers = await api.list("/servers/detail", "servers", changedSince(since));
		if (answers === undefined) throw notThere("/servers/detail");
		const servers = answers.map(({ value, where }) => readServer(value, where));
		for (const change of servers.map(({ updated }) => Date.parse(updated))) {
			if (change > latest.change + (seenAt - latest.seenAt)) latest = { change, seenAt };
		}
		const ids = servers.map(({ id }) => id.toLowerCase());
		return ids.length === 0 ? [] : [{ kind: "server", ids }];
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
