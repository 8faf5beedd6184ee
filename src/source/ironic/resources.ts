/** The bulk reading of all nodes' resources, for a mirror. */
import type { FoundResources, PageOptions, Reference, ResourceReader } from "../remote-source.ts";
import type { Resource, ResourceKind } from "../resource.ts";
import { withAbort } from "../with-abort.ts";
import { mayExist, type Snapshot, type Snapshots } from "./snapshot.ts";

/** Those that an instance is found by come last: what they refer to is there then. */
const KINDS: readonly ResourceKind[] = [
	...(["network", "subnet", "portgroup", "baremetal_port", "baremetal_node", "trunk", "port", "server"] as const),
];

/** What comes with a page of servers: it has no listing of its own. */
const WITH_SERVERS: readonly ResourceKind[] = ["server_details", "keypair"];

/** How old a listing may be, in milliseconds. It says itself when it was requested. */
const LISTING_AGE = 1000;

/** Ironic's own kinds. */
export const HARDWARE_KINDS: readonly ResourceKind[] = ["portgroup", "baremetal_port", "baremetal_node"];

interface IronicReaderOptions {
	readonly kinds?: readonly ResourceKind[];
	/**
	 * Whether polls alone report changes: then what is read after one may come from the poll itself. Each poll's lists are
	 * complete, and further ones would only delay the change.
	 */
	readonly isPolled: boolean;
}

export function createIronicReader(
	snapshots: Snapshots,
	{ kinds = KINDS, isPolled }: IronicReaderOptions,
): ResourceReader {
	const current = () => (isPolled ? snapshots.recent(LISTING_AGE) : snapshots.next());
	async function slice(kind: ResourceKind, { marker, limit }: PageOptions) {
		const snapshot = await snapshots.recent(LISTING_AGE);
		const all = listed(snapshot, kind).filter(({ id }) => marker === undefined || id > marker);
		const resources = all.slice(0, limit);
		const last = resources.at(-1);
		return { snapshot, resources, ...(last !== undefined && all.length > limit && { next: last.id }) };
	}
	return {
		kinds,
		async page(kind, options, signal) {
			const { snapshot, resources, next } = await withAbort(slice(kind, options), signal);
			const isFirst = options.marker === undefined;
			const more = kind === "server" && isFirst ? WITH_SERVERS.flatMap((other) => listed(snapshot, other)) : [];
			return {
				resources: [...resources, ...more],
				unreadable: kind === kinds.at(-1) && isFirst ? snapshot.unreadable : [],
				...(next !== undefined && { next }),
			};
		},
		async revisionPage(kind, options, signal) {
			const { snapshot, resources, next } = await withAbort(slice(kind, options), signal);
			const revisions = resources.map(({ id, content }) => ({ id, content }));
			return { revisions, requestedAt: snapshot.requestedAt, ...(next !== undefined && { next }) };
		},
		byId: (kind, ids, signal) => withAbort(byId(current, kind, ids), signal),
		referringTo: (reference, ids, signal) => withAbort(referringTo(current, reference, ids), signal),
	};
}

function listed(snapshot: Snapshot, kind: ResourceKind): Resource[] {
	return [...(snapshot.resources.get(kind)?.values() ?? [])];
}

type Current = () => Promise<Snapshot>;

async function byId(current: Current, kind: ResourceKind, ids: readonly string[]): Promise<FoundResources> {
	const snapshot = await current();
	const ofKind = snapshot.resources.get(kind);
	const unreadable = kind === "server" ? snapshot.unreadable.filter(({ id }) => ids.includes(id)) : [];
	return {
		resources: ids.flatMap((id) => ofKind?.get(id) ?? []),
		gone: ids.filter((id) => !ofKind?.has(id) && !mayExist(snapshot, id)),
		unreadable,
		requestedAt: snapshot.requestedAt,
	};
}

async function referringTo(current: Current, reference: Reference, ids: readonly string[]): Promise<FoundResources> {
	const { requestedAt, ...snapshot } = await current();
	const wanted = new Set(ids);
	const refers = (resource: Resource) => {
		if (reference === "trunks of ports") return resource.kind === "trunk" && wanted.has(resource.content.port_id);
		if (reference !== "ports of devices" || resource.kind !== "port") return false;
		return wanted.has(resource.content.device_id.toLowerCase());
	};
	const kind = reference === "trunks of ports" ? "trunk" : "port";
	const resources = listed({ requestedAt, ...snapshot }, kind).filter(refers);
	return { resources, gone: [], unreadable: [], requestedAt };
}
