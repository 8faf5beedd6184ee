/**
 * Reads records again whose stored members may not be all: another version of Guestwire has stored them, or one without
 * the rights to see all members, or before an extension of the API was enabled. Their revisions don't show it.
 */
import { type Resource, type ResourceKind, textOfName } from "../source/resource.ts";
import { chunks } from "../store/chunks.ts";
import { FACTS_VERSION } from "./facts-version.ts";
import { readPage } from "./fill.ts";
import type { MirrorMeta } from "./mirror-store.ts";
import type { ReconcileOptions } from "./reconcile.ts";
import { selectorsOf } from "./selectors.ts";

/** Records of each kind that are read again after each comparison, those first that were read longest ago. */
const SAMPLE = 50;

export interface RereadOptions extends Omit<ReconcileOptions, "arePortsCurrent"> {
	/** When to stop at the latest, in milliseconds since 1970. A little is read in any case. */
	readonly until: number;
}

type Facts = MirrorMeta["facts"];

/** Reads a few records of each kind again. If they have other members now, or by another version, it reads all of the kind. */
export async function rereadFacts(options: RereadOptions): Promise<void> {
	const { reader, store, clock, until } = options;
	const known = await store.getMeta("facts");
	let facts: Facts = known?.version === FACTS_VERSION ? known : { version: FACTS_VERSION, kinds: {} };
	for (const kind of reader.kinds) {
		const isDone = facts.kinds[kind]?.done === true && !(await haveOtherMembers(kind, options));
		if (isDone) continue;
		if (facts.kinds[kind]?.done) facts = withKind(facts, kind, { done: false });
		do {
			const marker = facts.kinds[kind]?.marker;
			const next = await rereadPage(kind, marker, options);
			facts = withKind(facts, kind, next === undefined ? { done: true } : { done: false, marker: next });
			await store.setMeta("facts", facts);
		} while (!facts.kinds[kind]?.done && clock.now() < until);
	}
}

const withKind = (facts: Facts, kind: ResourceKind, state: NonNullable<Facts["kinds"][ResourceKind]>): Facts => ({
	...facts,
	kinds: { ...facts.kinds, [kind]: state },
});

/** @returns what marks the next page */
async function rereadPage(
	kind: ResourceKind,
	marker: string | undefined,
	options: RereadOptions,
): Promise<string | undefined> {
	const page = await options.pace(() => readPage(kind, marker, options));
	await store(page.resources, options);
	return page.next;
}

/** Reads some records again. Those of kinds without revisions are compared with their contents anyway. */
async function haveOtherMembers(kind: ResourceKind, options: RereadOptions): Promise<boolean> {
	const ids = await oldest(kind, options);
	if (ids.length === 0) return false;
	const { resources } = await options.pace(() => options.reader.byId(kind, ids, options.signal));
	const pairs = await store(resources, options);
	return pairs.some(([old, now]) => membersOf(old) !== membersOf(now));
}

const membersOf = ({ content }: Resource) => Object.keys(content).sort().join();

/**
 * Stores records again. One that has changed is left to the signals, or to the next comparison, which counts it as missed.
 *
 * @returns the records as they were, and as they are now
 */
async function store(
	resources: readonly Resource[],
	options: RereadOptions,
): Promise<(readonly [Resource, Resource])[]> {
	const pairs: (readonly [Resource, Resource])[] = [];
	for (const some of chunks(resources)) {
		const before = await options.store.read(selectorsOf(some));
		const known = new Map(before.resources.map((one) => [textOfName(one), one]));
		const unchanged = some.flatMap((now) => {
			const old = known.get(textOfName(now));
			return old !== undefined && old.revision === now.revision ? [[old, now] as const] : [];
		});
		await options.store.apply({ upserts: unchanged.map(([, now]) => now) });
		pairs.push(...unchanged);
	}
	return pairs;
}

async function oldest(kind: ResourceKind, options: RereadOptions): Promise<string[]> {
	let some: { readonly id: string; readonly requestedAt: number }[] = [];
	for await (const page of options.store.revisions(kind)) {
		const revised = page.filter(({ revision }) => revision !== undefined);
		some = [...some, ...revised].sort((a, b) => a.requestedAt - b.requestedAt).slice(0, SAMPLE);
	}
	return some.map(({ id }) => id);
}
