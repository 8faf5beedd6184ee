/**
 * Ironic's lists, compared with the ones before. Nothing else shows all changes: `updated_at` stays as it is when a port
 * is made and has whole seconds with MySQL, and notifications leave out VIFs.
 */
import { isDeepStrictEqual } from "node:util";
import type { Poll } from "../api/poll.ts";
import type { Signal } from "../remote-source.ts";
import { mayExist, type Snapshot, type Snapshots, type UnreadableServer } from "./snapshot.ts";

/** The resources that differ from the poll before. */
export function pollLists(snapshots: Snapshots): Poll {
	let before: Snapshot | undefined;
	return async () => {
		const snapshot = await snapshots.next();
		const signals = before === undefined ? [] : changesBetween(before, snapshot);
		before = snapshot;
		return signals;
	};
}

function changesBetween(before: Snapshot, after: Snapshot): Signal[] {
	const kinds = new Set([...before.resources.keys(), ...after.resources.keys()]);
	const changed = Array.from(kinds, (kind): Signal => {
		const [old, current] = [before.resources.get(kind), after.resources.get(kind)];
		const ids = new Set([...(old?.keys() ?? []), ...(current?.keys() ?? [])]);
		const isChanged = (id: string) => !isDeepStrictEqual(old?.get(id)?.content, current?.get(id)?.content);
		return { kind, ids: [...ids].filter((id) => isChanged(id) && (current?.has(id) || !mayExist(after, id))) };
	});
	const wasReadable = ({ id }: UnreadableServer) => !before.unreadable.some((one) => one.id === id);
	const odd = after.unreadable.filter(wasReadable).map(({ id }) => id);
	return [...changed, { kind: "server" as const, ids: odd }].filter(({ ids }) => ids.length > 0);
}
