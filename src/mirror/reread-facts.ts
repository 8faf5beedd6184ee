/**
 * Reads records again whose stored members may not be all: another version of Guestwire has stored them, or one without
 * the rights to see all members, or before an extension of the API was enabled. Their revisions don't show it.
 */
import { type ResourceKind, type ResourceName, textOfName } from "../source/resource.ts";
import { FACTS_VERSION } from "./facts-version.ts";
import { readPage } from "./fill.ts";
import type { MirrorMeta } from "./mirror-store.ts";
import type { ReconcileOptions } from "./reconcile.ts";
import { contentsByName } from "./repair.ts";

/** Records of each kind that are read again after each comparison, those first that were read longest ago. */
const SAMPLE = 50;

export interface RereadFactsOptions extends ReconcileOptions {
	/** When to stop at the latest, in milliseconds since 1970. A little is read in any case. */
	readonly until: number;
}

type Facts = MirrorMeta["facts"];

/** Reads a few records of each kind again. If they have other members now, or by another version, it reads all of the kind. */
export async function rereadFacts(options: RereadFactsOptions): Promise<void> {
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
	options: RereadFactsOptions,
): Promise<string | undefined> {
	const page = await options.pace(() => readPage(kind, marker, options));
	for (const resource of page.unreadable) options.doubts.add(resource);
	await options.store.apply({ upserts: page.resources });
	return page.next;
}

/** Reads some records again. Those of kinds without revisions are compared with their contents anyway. */
async function haveOtherMembers(kind: ResourceKind, options: RereadFactsOptions): Promise<boolean> {
	const { store, handle, pace } = options;
	const names = await oldest(kind, options);
	if (names.length === 0) return false;
	const before = await contentsByName(names, store);
	await pace(() => Promise.all(names.map(handle)));
	const after = await contentsByName(names, store);
	return names.map(textOfName).some((name) => {
		const [old, now] = [before.get(name), after.get(name)];
		return old !== undefined && now !== undefined && membersOf(old) !== membersOf(now);
	});
}

const membersOf = (content: unknown) => Object.keys(content as object).sort().join();

async function oldest(kind: ResourceKind, { store }: RereadFactsOptions): Promise<ResourceName[]> {
	let some: { readonly id: string; readonly requestedAt: number }[] = [];
	for await (const page of store.revisions(kind)) {
		const revised = page.filter(({ revision }) => revision !== undefined);
		some = [...some, ...revised].sort((a, b) => a.requestedAt - b.requestedAt).slice(0, SAMPLE);
	}
	return some.map(({ id }) => ({ kind, id }));
}
