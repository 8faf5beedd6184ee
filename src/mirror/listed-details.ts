/** What a listing of servers shows of their details, which have no listing of their own. */
import type { ListedDetails, RevisionPage } from "../source/remote-source.ts";
import type { Resource, ServerDetails } from "../source/resource.ts";
import type { MirrorStore } from "./mirror-store.ts";
import type { Difference } from "./repair.ts";

/** Servers compared at a time. */
const COMPARED = 250;

export interface ListedDetailsOptions {
	readonly store: Pick<MirrorStore, "read" | "apply">;
	/** See MirrorMeta. */
	readonly unlistedFrom: number;
	/** Whether the mirror has all ports as they are now, but for changes that signals report. */
	readonly arePortsCurrent: boolean;
}

type Details = Resource<"server_details">;

/**
 * The details that differ from the listing. Those that it proves to be unchanged count as requested with it, if they were
 * requested before `unlistedFrom`.
 */
export async function differentDetails(
	{ revisions, requestedAt }: RevisionPage,
	options: ListedDetailsOptions,
): Promise<Difference[]> {
	const { store, unlistedFrom } = options;
	const listed = new Map(
		revisions.flatMap(({ id, details }) => (details === undefined ? [] : [[id, details] as const])),
	);
	const ids = [...listed.keys()];
	const differences: Difference[] = [];
	for (let at = 0; at < ids.length; at += COMPARED) {
		const { resources } = await store.read([{ kind: "server_details", ids: ids.slice(at, at + COMPARED) }]);
		const unproven: Compared[] = [];
		for (const stored of resources as Details[]) {
			const shown = listed.get(stored.id);
			if (shown === undefined || stored.requestedAt >= requestedAt) continue;
			if (!isSame(stored.content, shown)) differences.push({ kind: stored.kind, id: stored.id, listedAt: requestedAt });
			else if (stored.requestedAt < unlistedFrom) unproven.push({ stored, shown });
		}
		const proven = await provenDetails(unproven, options);
		if (proven.length > 0) await store.apply({ upserts: proven.map((one) => ({ ...one, requestedAt })) });
	}
	return differences;
}

function isSame({ volumeAttachments, interfaceAttachments }: ServerDetails, shown: ListedDetails): boolean {
	if (!shown.mayHaveTags && interfaceAttachments.length > 0) return false;
	const volumes = volumeAttachments.map(({ volumeId }) => volumeId).sort();
	return volumes.join() === [...shown.volumeIds].sort().join();
}

interface Compared {
	readonly stored: Details;
	readonly shown: ListedDetails;
}

/** Those that can't have changed. */
async function provenDetails(
	compared: readonly Compared[],
	{ store, arePortsCurrent }: ListedDetailsOptions,
): Promise<Details[]> {
	const shown = compared.filter((one) => !one.shown.mayHaveOthers);
	const plain = shown.filter((one) => !one.shown.mayHaveTags).map(({ stored }) => stored);
	const tagged = shown.filter((one) => one.shown.mayHaveTags).map(({ stored }) => stored);
	return arePortsCurrent && tagged.length > 0 ? [...plain, ...(await withOldPorts(tagged, store))] : plain;
}

/** Those whose ports have not changed since. A NIC has the tag that it was attached with. */
async function withOldPorts(details: readonly Details[], store: ListedDetailsOptions["store"]): Promise<Details[]> {
	const { resources } = await store.read([{ kind: "port", key: "device", values: details.map(({ id }) => id) }]);
	const byServer = Map.groupBy(resources as Resource<"port">[], ({ content }) => content.device_id);
	return details.filter(({ id, requestedAt, content }) => {
		const ports = byServer.get(id) ?? [];
		const present = new Set(ports.map((port) => port.id));
		// A time that lies ahead is read as 0.
		const areOld = ports.every((port) => port.requestedAt > 0 && port.requestedAt <= requestedAt);
		return areOld && content.interfaceAttachments.every(({ port_id }) => present.has(port_id));
	});
}
