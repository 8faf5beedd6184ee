/** Reads everything that the source has, once. */
import { GuestwireError } from "../errors.ts";
import type { ResourcePage, ResourceReader } from "../source/remote-source.ts";
import { contentsOf, type ResourceKind, type ResourceName, textOfName } from "../source/resource.ts";
import { keypairIdsOf } from "../source/source.ts";
import type { Clock } from "./clock.ts";
import type { Doubts } from "./doubts.ts";
import { FACTS_VERSION } from "./facts-version.ts";
import type { InstanceReads } from "./instance-reads.ts";
import type { MirrorMeta, MirrorStore } from "./mirror-store.ts";
import type { ResourceReads } from "./resource-reads.ts";

export interface FillOptions {
	readonly reader: ResourceReader;
	readonly store: MirrorStore;
	readonly reads: ResourceReads;
	readonly instances: InstanceReads;
	readonly clock: Clock;
	readonly doubts: Doubts;
	/** How many instances guests wait for that the mirror does not know. */
	readonly waitingGuests: () => number;
	readonly signal: AbortSignal;
}

/** Resources per page. */
const PAGE = 1000;
/** While this many guests wait for the source, the fill leaves it to them, for at most this long per page. Milliseconds. */
const MANY_GUESTS = 50;
const LONGEST_WAIT = 60_000;
const WAIT = 250;
/** Kinds that are read at the same time, with one request each. */
const KINDS_AT_ONCE = 3;
/** Instances that are checked between two pauses, in which guests are served, and the length of a pause in milliseconds. */
const INSTANCES_AT_ONCE = 20;
const PAUSE = 5;

/** Fills the mirror, or goes on where another watcher stopped. Returns at once if it is filled. */
export async function fillMirror(options: FillOptions): Promise<void> {
	const { reader, store, clock } = options;
	const known = await store.getMeta("fill");
	const isComplete = reader.kinds.every((kind) => known?.kinds[kind]?.done);
	if (known?.finishedAt !== undefined && isComplete) return;
	const fill = known ?? { startedAt: clock.now(), kinds: {} };
	if (known === undefined) {
		const all = Object.fromEntries(reader.kinds.map((kind) => [kind, { done: true }]));
		await store.setMeta("facts", { version: FACTS_VERSION, kinds: all });
	}
	const progress = createProgress(store, fill);
	const kinds = reader.kinds.filter((kind) => fill.kinds[kind]?.done !== true);
	const next = kinds.values();
	const fillNext = async () => {
		for (const kind of next) await fillKind(kind, fill.kinds[kind]?.marker, options, progress);
	};
	await Promise.all(Array.from({ length: KINDS_AT_ONCE }, fillNext));
	await completeInstances(options);
	await progress.finish(clock.now());
}

/** Whether nothing is in the mirror that may be gone by now. A watcher may have died before it recorded its progress. */
export async function isEmpty(store: MirrorStore): Promise<boolean> {
	if ((await store.getMeta("fill")) !== undefined) return false;
	const { resources } = await store.stats();
	return Object.values(resources).every((count) => count === 0);
}

type Fill = MirrorMeta["fill"];

interface Progress {
	set(kind: ResourceKind, state: { readonly done: boolean; readonly marker?: string }): Promise<void>;
	finish(finishedAt: number): Promise<void>;
}

/** Writes the progress, one state after the other. */
function createProgress(store: MirrorStore, start: Fill): Progress {
	let fill = start;
	let written: Promise<void> = Promise.resolve();
	const write = async () => {
		const previous = written;
		const state = fill;
		written = previous.catch(() => {}).then(() => store.setMeta("fill", state));
		await written;
	};
	return {
		set(kind, state) {
			fill = { ...fill, kinds: { ...fill.kinds, [kind]: state } };
			return write();
		},
		finish(finishedAt) {
			fill = { ...fill, finishedAt };
			return write();
		},
	};
}

async function fillKind(
	kind: ResourceKind,
	resumeAt: string | undefined,
	options: FillOptions,
	progress: Progress,
): Promise<void> {
	let marker = resumeAt;
	const refused = new Set<string>();
	do {
		await untilCalm(options);
		const page = await readPage(kind, marker, options, refused);
		marker = page.next;
		for (const resource of page.unreadable) options.doubts.add(resource);
		await options.store.apply({ upserts: page.resources });
		await readDetails(page, options);
		await progress.set(kind, marker === undefined ? { done: true } : { done: false, marker });
	} while (marker !== undefined);
}

async function untilCalm({ waitingGuests, clock, signal }: FillOptions): Promise<void> {
	const deadline = clock.now() + LONGEST_WAIT;
	while (waitingGuests() >= MANY_GUESTS && clock.now() < deadline) await clock.sleep(WAIT, signal);
}

/**
 * A page; the first one if the marker is refused.
 *
 * @param refused markers that were refused before: going on from the first page would only lead to them again
 */
export async function readPage(
	kind: ResourceKind,
	marker: string | undefined,
	{ reader, signal }: Pick<FillOptions, "reader" | "signal">,
	refused = new Set<string>(),
): Promise<ResourcePage> {
	try {
		return await reader.page(kind, { limit: PAGE, ...(marker !== undefined && { marker }) }, signal);
	} catch (error) {
		// The resource that marks the page may be gone.
		const isRefused = error instanceof GuestwireError && error.code === "cloud-answer" && marker !== undefined;
		if (!isRefused || refused.has(marker)) throw error;
		refused.add(marker);
		return reader.page(kind, { limit: PAGE }, signal);
	}
}

/** What has no listing of its own. */
async function readDetails(page: ResourcePage, options: FillOptions): Promise<void> {
	const { store, reads } = options;
	const servers = contentsOf(page.resources, "server");
	const keypairs = new Set(servers.flatMap(keypairIdsOf));
	const wanted = { server_details: servers.map(({ id }) => id), keypair: [...keypairs] };
	const selectors = Object.entries(wanted).map(([kind, ids]) => ({ kind: kind as keyof typeof wanted, ids }));
	const { resources, deleted } = await store.read(selectors);
	const known = new Set([...resources, ...deleted].map(textOfName));
	const missing = selectors.flatMap(({ kind, ids }) => ids.map((id): ResourceName => ({ kind, id })));
	const unknown = missing.filter((name) => !known.has(textOfName(name)));
	await Promise.all(unknown.map((name) => reads.byId(name, true)));
}

/** Listings are read one after the other: what came into being meanwhile may be missing. */
async function completeInstances({ store, instances, clock, signal }: FillOptions): Promise<void> {
	for await (const servers of store.revisions("server")) {
		for (let at = 0; at < servers.length; at += INSTANCES_AT_ONCE) {
			const some = servers.slice(at, at + INSTANCES_AT_ONCE);
			await Promise.all(some.map(({ id }) => instances.complete(id)));
			await clock.sleep(PAUSE, signal);
		}
	}
}
