/** What a listing of servers shows of their details, which have no listing of their own. */
import type { ListedDetails, RevisionPage } from "../source/remote-source.ts";
import type { Resource, ServerDetails } from "../source/resource.ts";
import type { MirrorStore } from "./mirror-store.ts";
import type { Difference } from "./repair.ts";

/** Servers compared at a time. */
const COMPARED = 250;

/**
 * The details that differ from the listing. Those that it proves to be unchanged count as requested with it, if they were
 * requested before a time.
 *
 * @param unlistedFrom see MirrorMeta
 */
export async function differentDetails(
	{ revisions, requestedAt }: RevisionPage,
	store: Pick<MirrorStore, "read" | "apply">,
	unlistedFrom: number,
): Promise<Difference[]> {
	const listed = new Map(
		revisions.flatMap(({ id, details }) => (details === undefined ? [] : [[id, details] as const])),
	);
	const ids = [...listed.keys()];
	const differences: Difference[] = [];
	for (let at = 0; at < ids.length; at += COMPARED) {
		const { resources } = await store.read([{ kind: "server_details", ids: ids.slice(at, at + COMPARED) }]);
		const before = (resources as Resource<"server_details">[]).filter((one) => one.requestedAt < requestedAt);
		const proven: Resource[] = [];
		for (const stored of before) {
			const shown = listed.get(stored.id);
			if (shown === undefined) continue;
			if (!isSame(stored.content, shown)) {
				differences.push({ kind: stored.kind, id: stored.id, listedAt: requestedAt });
			} else if (!shown.mayHaveOthers && stored.requestedAt < unlistedFrom) proven.push({ ...stored, requestedAt });
		}
		if (proven.length > 0) await store.apply({ upserts: proven });
	}
	return differences;
}

function isSame({ volumeAttachments, interfaceAttachments }: ServerDetails, shown: ListedDetails): boolean {
	if (!shown.mayHaveOthers && interfaceAttachments.length > 0) return false;
	const volumes = volumeAttachments.map(({ volumeId }) => volumeId).sort();
	return volumes.join() === [...shown.volumeIds].sort().join();
}
