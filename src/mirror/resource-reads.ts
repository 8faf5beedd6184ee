/** Reads resources from the source and stores them. */
import { GuestwireError } from "../errors.ts";
import type { FoundResources, Reference, ResourceReader, UnreadableResource } from "../source/remote-source.ts";
import { type ResourceKind, type ResourceName, textOfName } from "../source/resource.ts";
import type { Clock } from "./clock.ts";
import type { Doubts } from "./doubts.ts";
import { type FollowUp, followUpOf, subnetsBefore } from "./follow-ups.ts";
import { createLane, type Lane } from "./lane.ts";
import type { MirrorStore, Selector } from "./mirror-store.ts";

/**
 * A promise resolves when the resources are stored as they are at some moment after the call, with what has changed
 * because of them.
 */
export interface ResourceReads {
	/**
	 * Reads a resource by its id.
	 *
	 * @param storesAbsence whether its absence is stored even if the mirror does not know it: another resource refers to
	 *   it, or it was reported, and an answer that still shows it may be under way
	 */
	byId(name: ResourceName, storesAbsence?: boolean): Promise<void>;
	/** Reads everything that refers to a resource. */
	referringTo(reference: Reference, id: string): Promise<void>;
}

export interface ResourceReadsOptions {
	readonly reader: ResourceReader;
	readonly store: MirrorStore;
	readonly clock: Clock;
	/** Ends running calls. */
	readonly signal: AbortSignal;
	readonly doubts: Doubts;
	readonly onUnreadable: (resource: UnreadableResource) => void;
}

/** What refers to resources, as the mirror finds it. */
const SELECTORS: Readonly<Partial<Record<Reference, (values: readonly string[]) => Selector>>> = {
	"ports of devices": (values) => ({ kind: "port", key: "device", values }),
	"DHCP ports of networks": (values) => ({ kind: "port", key: "dhcp_network", values }),
	"trunks of ports": (values) => ({ kind: "trunk", key: "port", values }),
	"floating IPs of ports": (values) => ({ kind: "floatingip", key: "port", values }),
};

/** Absences of resources that the mirror does not know, stored in a minute: forged signals may name any id. */
const MOST_ABSENCES = 1000;
const MINUTE = 60_000;

export function createResourceReads(options: ResourceReadsOptions): ResourceReads {
	const { reader, store, clock, signal } = options;
	const lanes = new Map<string, Lane>();
	/** Whose absence is stored. */
	const absenceWanted = new Set<string>();
	const mayStoreAbsence = createQuota(clock);

	const laneOf = (name: string, read: (ids: readonly string[]) => Promise<void>): Lane => {
		const lane = lanes.get(name) ?? createLane(read);
		lanes.set(name, lane);
		return lane;
	};

	async function readById(kind: ResourceKind, ids: readonly string[]): Promise<void> {
		const wanted = new Set(ids.filter((id) => absenceWanted.delete(textOfName({ kind, id }))));
		const found = await reader.byId(kind, ids, signal).catch((error) => {
			// The parts of the batch may be read next.
			if (ids.length > 1) for (const id of wanted) absenceWanted.add(textOfName({ kind, id }));
			throw error;
		});
		const stored = found.gone.length === 0 ? [] : (await store.read([{ kind, ids: found.gone }])).resources;
		const known = new Set(stored.map(({ id }) => id));
		const gone = found.gone.filter((id) => known.has(id) || (wanted.has(id) && mayStoreAbsence()));
		await storing.apply(
			found,
			gone.map((id) => ({ kind, id })),
		);
	}

	/** What referred to the resources before and no longer does is read by its id: it may be gone. */
	async function readReferring(reference: Reference, ids: readonly string[]): Promise<void> {
		const found = await reader.referringTo(reference, ids, signal);
		const selector = SELECTORS[reference]?.(ids);
		const before = await store.read(selector === undefined ? [] : [selector]);
		await storing.apply(found);
		const foundIds = new Set(found.resources.map(({ id }) => id));
		const others = before.resources.filter(({ id }) => !foundIds.has(id));
		await Promise.all(others.map((name) => byId(name)));
	}

	async function byId({ kind, id }: ResourceName, storesAbsence = false): Promise<void> {
		const name = textOfName({ kind, id });
		if (storesAbsence) absenceWanted.add(name);
		await laneOf(kind, (ids) => readById(kind, ids))(id);
		// Not in the lane: it may be read by the same one.
		await storing.followUp(name);
	}

	const reads: ResourceReads = {
		byId,
		referringTo: (reference, id) => laneOf(reference, (ids) => readReferring(reference, ids))(id),
	};
	const storing = createStoring(options, reads);
	return reads;
}

/** Stores what was read. @param reads for what has changed because of it */
function createStoring({ store, clock, doubts, onUnreadable }: ResourceReadsOptions, reads: ResourceReads) {
	/** By the resource whose change is stored: what is still to be read because of it. */
	const followUps = new Map<string, FollowUp>();

	async function storeFound(found: FoundResources, gone: readonly ResourceName[]): Promise<void> {
		// An answer to another request may be older than the request and arrive later: the absence counts from now on.
		const requestedAt = clock.now();
		const deletes = gone.map((name) => ({ ...name, requestedAt }));
		if (found.resources.length === 0 && deletes.length === 0) return;
		const subnets = await subnetsBefore(store, [...found.resources, ...gone]);
		const { changed } = await store.apply({ upserts: found.resources, deletes });
		for (const name of changed) {
			const followUp = followUpOf(name, subnets, found.resources, { store, reads });
			if (followUp !== undefined) followUps.set(textOfName(name), followUp);
		}
		for (const stored of [...found.resources, ...deletes]) doubts.clear(stored);
	}

	return {
		/** @throws GuestwireError `cloud-answer`: a record can't be read, and too many others could not be either */
		async apply(found: FoundResources, gone: readonly ResourceName[] = []): Promise<void> {
			const lost = found.unreadable.filter((resource) => {
				const added = doubts.add(resource);
				if (added === "new") onUnreadable(resource);
				return added === "full";
			});
			await storeFound(found, gone);
			if (lost[0] !== undefined) throw new GuestwireError("cloud-answer", lost[0].reason);
		},
		/** Reads what has changed because of a resource. If it fails, whoever reads the resource again tries it again. */
		async followUp(name: string): Promise<void> {
			const followUp = followUps.get(name);
			if (followUp === undefined) return;
			await followUp();
			if (followUps.get(name) === followUp) followUps.delete(name);
		},
	};
}

/** Whether one more may be stored in this minute. */
function createQuota(clock: Clock): () => boolean {
	let minute = 0;
	let used = 0;
	return () => {
		const now = Math.floor(clock.now() / MINUTE);
		if (now !== minute) [minute, used] = [now, 0];
		return used++ < MOST_ABSENCES;
	};
}
