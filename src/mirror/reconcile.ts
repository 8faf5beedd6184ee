/** Compares the mirror with the source, and repairs what differs. */
import { isDeepStrictEqual } from "node:util";
import type { ServerFacts } from "../instance/facts.ts";
import type { ResourceReader, SourceRevision } from "../source/remote-source.ts";
import { type ResourceKind, type ResourceName, textOfName } from "../source/resource.ts";
import { hideUserData } from "./apply-batch.ts";
import type { ChangeHandler } from "./change-handler.ts";
import type { Clock } from "./clock.ts";
import type { Doubts } from "./doubts.ts";
import { differentDetails, type ListedDetailsOptions } from "./listed-details.ts";
import type { MirrorEvents } from "./mirror-events.ts";
import type { MirrorStore } from "./mirror-store.ts";
import type { Pace } from "./pace.ts";
import { contentsByName, countMissed, type Difference, repair, stillDifferent, unreported } from "./repair.ts";

export interface ReconcileOptions extends ListedDetailsOptions {
	readonly reader: ResourceReader;
	readonly store: MirrorStore;
	readonly handle: ChangeHandler;
	/** Whether a signal has reported the resource and it is yet to be read. */
	readonly isReported: (name: ResourceName) => boolean;
	/** When the comparison before started, in milliseconds since 1970. */
	readonly comparedAt: number;
	/** Whether the signals should have reported every change since a time. */
	readonly areSignalsComplete: (since: number) => boolean;
	readonly clock: Clock;
	readonly doubts: Doubts;
	/** See MirrorStoreOptions. */
	readonly userData: boolean;
	readonly signal: AbortSignal;
	readonly events: Pick<MirrorEvents, "onMissedChanges">;
	readonly pace: Pace;
	/** How long a signal may take, in milliseconds: a change without one is missed after that. */
	readonly grace: number;
}

/** Resources per page of a listing. */
const PAGE = 1000;
/** Contents compared at a time: a server may have 64 KiB of user data. */
const COMPARED = 20;

/** How far a comparison has come: one that fails goes on with the kinds that are left. */
export interface Progress {
	readonly left: Set<ResourceKind>;
	/** What the other kinds differ in. */
	readonly differences: Difference[];
}

export const startProgress = ({ kinds }: ResourceReader): Progress => ({ left: new Set(kinds), differences: [] });

/**
 * Compares all ids and revisions. What differs is read again, and what could not be read; a deletion counts only
 * once a reading by id confirms it. What differs without a signal counts as missed.
 */
export async function reconcile(options: ReconcileOptions, { left, differences }: Progress): Promise<void> {
	for (const kind of left) {
		differences.push(...(await differencesOf(kind, options)));
		left.delete(kind);
	}
	await repairDoubts(options);
	if (differences.length === 0) return;
	await options.clock.sleep(options.grace, options.signal);
	// What is in doubt could not be read: no signal was lost.
	const doubtful = options.doubts.texts();
	const readable = differences.filter((name) => !doubtful.has(textOfName(name)));
	for (let at = 0; at < readable.length; at += PAGE) {
		await repairMissed(await stillDifferent(readable.slice(at, at + PAGE), options.store), options);
	}
}

/** Compares a kind of which signals may have been lost: what differs is read again at once, and does not count as missed. */
export async function repairKind(kind: ResourceKind, options: ReconcileOptions): Promise<void> {
	await repair(await differencesOf(kind, options), options);
}

/** Reads again what could not be read. */
export async function repairDoubts(options: ReconcileOptions): Promise<void> {
	await repair(options.doubts.names(), options);
}

/** Repairs what is reported too: once the comparison ends, the mirror counts as new as the comparison's start. */
async function repairMissed(differences: readonly Difference[], options: ReconcileOptions): Promise<void> {
	const reported = new Set(differences.filter(options.isReported).map(textOfName));
	const changed = await repair(differences, options);
	const missed = changed.filter((name) => !reported.has(textOfName(name)));
	countMissed(await unreported(missed, options), options.comparedAt, options);
}

async function differencesOf(kind: ResourceKind, options: ReconcileOptions): Promise<Difference[]> {
	const { store } = options;
	const startedAt = options.clock.now();
	const { listed, differences } = await list(kind, options);
	for await (const page of store.revisions(kind)) {
		for (const { id, revision, requestedAt } of page) {
			const found = listed.get(id);
			listed.delete(id);
			const listedAt = found?.listedAt ?? startedAt;
			const isSame = found?.isSame && (found.revision ?? revision) === revision;
			if (requestedAt <= listedAt && !isSame) differences.push({ kind, id, listedAt });
		}
	}
	return [...differences, ...(await notDeleted(kind, listed, store))];
}

/** What is kept of a listing until it ends: not the contents, which may be gigabytes. */
interface Listed extends Pick<SourceRevision, "revision"> {
	/** False if its content was another one than the stored. */
	readonly isSame: boolean;
	readonly listedAt: number;
}

interface Listing {
	readonly listed: Map<string, Listed>;
	/** Those of other kinds that the listing shows too. */
	readonly differences: Difference[];
}

async function list(kind: ResourceKind, options: ReconcileOptions): Promise<Listing> {
	const { reader, signal, pace } = options;
	const listed = new Map<string, Listed>();
	const differences: Difference[] = [];
	let marker: string | undefined;
	do {
		const from = marker;
		const page = await pace(() =>
			reader.revisionPage(kind, { limit: PAGE, ...(from !== undefined && { marker: from }) }, signal),
		);
		const others = await differentContents(kind, page.revisions, options);
		for (const { id, revision } of page.revisions) {
			const isSame = !others.has(id);
			listed.set(id, { isSame, listedAt: page.requestedAt, ...(revision !== undefined && { revision }) });
		}
		differences.push(...(await differentDetails(page, options)));
		marker = page.next;
	} while (marker !== undefined);
	return { listed, differences };
}

/** The ids of the listed resources whose content is another one than the stored. */
async function differentContents(
	kind: ResourceKind,
	revisions: readonly SourceRevision[],
	{ store, clock, signal, userData }: ReconcileOptions,
): Promise<ReadonlySet<string>> {
	const listed = revisions.filter(({ content }) => content !== undefined);
	const others = new Set<string>();
	for (let at = 0; at < listed.length; at += COMPARED) {
		const some = listed.slice(at, at + COMPARED);
		const stored = await contentsByName(
			some.map(({ id }) => ({ kind, id })),
			store,
		);
		for (const { id, content = {} } of some) {
			const known = stored.get(textOfName({ kind, id }));
			const shown = userData ? content : hideUserData(content as Partial<ServerFacts>);
			if (known !== undefined && differs(known as Members, shown)) others.add(id);
		}
		// Guests are served meanwhile.
		await clock.sleep(0, signal);
	}
	return others;
}

type Members = Readonly<Record<string, unknown>>;

function differs(stored: Members, listed: object): boolean {
	return Object.entries(listed).some(([member, value]) => !isDeepStrictEqual(stored[member], value));
}

/** The listed resources that the mirror lacks, without those whose deletion is newer. */
async function notDeleted(
	kind: ResourceKind,
	listed: ReadonlyMap<string, Listed>,
	store: MirrorStore,
): Promise<Difference[]> {
	const differences = Array.from(listed, ([id, { listedAt }]): Difference => ({ kind, id, listedAt }));
	const found: Difference[] = [];
	for (let at = 0; at < differences.length; at += PAGE) {
		found.push(...(await stillDifferent(differences.slice(at, at + PAGE), store)));
	}
	return found;
}
