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
		const before = (resources as Details[]).flatMap((stored) => {
			const shown = listed.get(stored.id);
			return shown !== undefined && stored.requestedAt < requestedAt ? [{ stored, shown }] : [];
		});
		const [same, others] = [before.filter(isSame), before.filter((one) => !isSame(one))];
		differences.push(...others.map(({ stored: { kind, id } }) => ({ kind, id, listedAt: requestedAt })));
		const unproven = same.filter(({ stored }) => stored.requestedAt < unlistedFrom);
		const proven = await provenDetails(unproven, options);
		if (proven.length > 0) await store.apply({ upserts: proven.map((one) => ({ ...one, requestedAt })) });
	}
	return differences;
}

interface Compared {
	readonly stored: Details;
	readonly shown: ListedDetails;
}

function isSame({ stored: { content }, shown }: Compared): boolean {
	if (!shown.mayHaveTags && content.interfaceAttachments.length > 0) return false;
	const volumes = content.volumeAttachments.map(({ volumeId }) => volumeId).sort();
	return volumes.join() === [...shown.volumeIds].sort().join();
}

/** Those that can't have changed. A NIC has the tag that it was attached with: another one needs a change of its port. */
async function provenDetails(
	compared: readonly Compared[],
	{ store, arePortsCurrent }: ListedDetailsOptions,
): Promise<Details[]> {
	const shown = compared.filter((one) => !one.shown.mayHaveOthers);
	const tagged = arePortsCurrent ? shown.filter((one) => one.shown.mayHaveTags) : [];
	const values = tagged.map(({ stored }) => stored.id);
	const { resources } =
		values.length === 0 ? { resources: [] } : await store.read([{ kind: "port", key: "device", values }]);
	const ports = Map.groupBy(resources as Resource<"port">[], ({ content }) => content.device_id);
	// A time that lies ahead is read as 0.
	const isKnown = (port: Resource<"port">) => port.requestedAt > 0;
	const areOld = ({ id, requestedAt, content }: Details) => {
		const own = ports.get(id) ?? [];
		const isThere = ({ port_id }: ServerDetails["interfaceAttachments"][number]) =>
			own.some((port) => port.id === port_id);
		return (
			content.interfaceAttachments.every(isThere) &&
			own.every((port) => isKnown(port) && port.requestedAt <= requestedAt)
		);
	};
	return shown.flatMap(({ stored, shown: { mayHaveTags } }) =>
		!mayHaveTags || (arePortsCurrent && areOld(stored)) ? [stored] : [],
	);
}
