/**
 * What operators see of all guests: every instance with what its guest requested last, and whether it still has what it
 * would get now. Kept in memory by the process that runs the operator server; the state is the truth.
 */
import type { Instance } from "../../instance/instance.ts";
import type { ComparisonTimes, HistoryStore } from "../../store/history-store.ts";
import { NODE_MAX_AGE, type NodeStore } from "../../store/node-store.ts";
import type { GuestDocuments } from "../guest-documents.ts";
import type { DigestOf } from "../request-history/document-content.ts";
import { LIMITS } from "../request-history/recorder.ts";
import { createComparisons } from "./comparisons.ts";
import { createDeletedGuests } from "./deleted-guests.ts";
import { comparableAnswers, isOutdated } from "./freshness.ts";
import { createHistoryReader } from "./history-reader.ts";
import { createInstanceIndex, type OverviewSource } from "./index-loader.ts";
import { type IndexedInstance, indexedInstance } from "./indexed-instance.ts";
import { createOverviewEvents, type OverviewEvent } from "./overview-events.ts";
import { createRefusals, type RefusalPage, type RefusalQuery } from "./refusals.ts";
import { type Guest, type GuestState, type SearchPage, type SearchQuery, searchGuests } from "./search.ts";
import { createSharedSearches } from "./shared-searches.ts";

/** One page of the results. */
export interface OverviewPage extends SearchPage {
	/** Whether all instances had been read. */
	readonly isComplete: boolean;
}

export interface OverviewNode {
	readonly name: string;
	/** When it last said that it runs, in milliseconds since 1970. */
	readonly seenAt: number;
	/** When it last answered a guest; absent if it has not answered any. */
	readonly lastAt?: number;
}

export interface Overview {
	/** Whether all instances have been read. */
	readonly isComplete: boolean;
	search(query: SearchQuery): Promise<OverviewPage>;
	guest(id: string): Guest | undefined;
	/** A guest of an instance that the list does not contain yet. */
	unlisted(instance: Instance): Guest;
	/** Instances that have been read. */
	readonly size: number;
	/** Whether user data is not compared: see OverviewSource. */
	readonly lacksUserData: boolean;
	/**
	 * Somebody looks at a guest: compares its documents at once, and soon finds out whether a request that nearly was its
	 * own was refused. Sources that are asked over the network have this done for each guest shown.
	 */
	look(id: string, instance: Instance): Promise<void>;
	refusals(query: RefusalQuery): Promise<RefusalPage>;
	/** The nodes of the last hour, by name. */
	nodes(): Promise<readonly OverviewNode[]>;
	/** @returns ends it */
	listen(listener: (event: OverviewEvent) => void): () => void;
	close(): Promise<void>;
}

export interface OverviewOptions {
	readonly source: OverviewSource;
	/** See InstanceIndexOptions. */
	readonly isLocal: boolean;
	readonly documents: Pick<GuestDocuments, "tree">;
	readonly store: HistoryStore;
	readonly nodes: Pick<NodeStore, "list">;
	readonly digestOf: DigestOf;
	readonly onError: (error: unknown) => void;
}

/** More guests than that can wait to be compared, all of them. */
const MAX_URGENT = 200;

export function createOverview(options: OverviewOptions): Overview {
	const { source, isLocal, documents, store, nodes, digestOf, onError } = options;
	const { lacksUserData = false } = source;
	const searches = createSharedSearches(async (query: SearchQuery): Promise<OverviewPage> => {
		const { isComplete } = index;
		return { ...(await searchGuests(index.instances.values().map(guestOf), query)), isComplete };
	});
	const events = createOverviewEvents(searches.forget);
	const comparisons = createComparisons({
		async compare(id, since, signal) {
			const instance = isLocal ? await source.instance(id, "all", signal) : undefined;
			if (instance !== undefined) await compare(id, instance, since);
		},
		isWatched: () => events.isWatched,
		onError,
	});
	const refusals = createRefusals({ store, instances: () => index.instances.values(), onRested: markRefused });
	const history = createHistoryReader({
		...{
			store,
			maxLines: LIMITS.instances,
			onError,
			onLines: events.guests,
			onStored: (id: string) => comparisons.addLater(id),
			onRequests: (id: string) => comparisons.add(id),
		},
		onRefusals() {
			refusals.add();
			events.refusals();
		},
	});
	const index = createInstanceIndex({
		...{ source, isLocal, onError },
		onChange(ids, since) {
			// Those of a large change can wait: a guest that asks meanwhile is compared first.
			const add = ids === undefined || ids.length > MAX_URGENT ? comparisons.addLater : comparisons.add;
			for (const id of ids ?? index.instances.keys()) if (history.lines.has(id)) add(id, since);
			refusals.invalidate();
			events.guests(ids);
		},
	});

	// A list that is read only when it is needed may lack new instances.
	const deleted = isLocal
		? createDeletedGuests({
				...{ store, source, onError, guests: () => history.lines.keys(), onForgotten: history.forget },
				isListed: (id) => (index.isComplete ? index.instances.has(id) : undefined),
			})
		: undefined;

	/** Nobody waits for it: with many instances it takes a long time. */
	function markRefused(): void {
		refusals.refresh().then((hasChanged) => {
			if (hasChanged) events.guests(undefined);
		}, onError);
	}

	function guestOf(instance: IndexedInstance): Guest {
		return { instance, history: history.lines.get(instance.id), state: stateOf(instance.id) };
	}

	function stateOf(id: string): GuestState {
		const line = history.lines.get(id);
		const refused = refusals.nearest.get(id);
		if (line === undefined) return refused === undefined ? "never" : "refused";
		// Anybody may be near a guest that is answered.
		if (refused !== undefined && refused.exact > line.last_at) return "refused";
		if (line.last_status >= 500) return "failing";
		// An older version beside this one may write 0 for a guest that is up to date.
		if (line.outdated_at) return "outdated";
		return line.compared_at === null ? "asked" : "current";
	}

	/**
	 * Compares what a guest fetched with what it would get, and stores since when they differ.
	 *
	 * @param since when a change was reported, if one was
	 */
	async function compare(id: string, instance: Instance, since: number | undefined): Promise<void> {
		const tree = documents.tree(instance);
		const comparable = comparableAnswers(await store.documents(id), lacksUserData);
		const result = await isOutdated(comparable, (path) => tree.answer(path)?.body, digestOf);
		const line = history.lines.get(id);
		if (line === undefined) return;
		const before = stateOf(id);
		const found = comparisonOf(result, line, since);
		const isSame = found.outdated_at === line.outdated_at && found.compared_at === line.compared_at;
		if (!isSame) await history.setComparison(id, found);
		if (stateOf(id) !== before) events.guests([id]);
	}

	return {
		get isComplete() {
			return index.isComplete;
		},
		async search(query) {
			await index.refresh();
			markRefused();
			const page = await searches.search(query);
			for (const { instance } of page.guests) comparisons.prefer(instance.id);
			return page;
		},
		guest(id) {
			const instance = index.instances.get(id);
			return instance && guestOf(instance);
		},
		unlisted: (instance) =>
			guestOf(indexedInstance({ id: instance.id, name: instance.server?.name ?? instance.id }, instance)),
		get size() {
			return index.instances.size;
		},
		lacksUserData,
		look(id, instance) {
			markRefused();
			return compare(id, instance, comparisons.take(id));
		},
		async refusals(query) {
			await index.refresh();
			return refusals.page(query);
		},
		async nodes() {
			const answered = new Map<string, number>();
			for (const { node, last_at: at } of history.lines.values()) {
				answered.set(node, Math.max(answered.get(node) ?? 0, at));
			}
			// Without the database, the rest of the service's state is still shown.
			const running = await nodes.list().catch((error: unknown) => {
				onError(error);
				return new Map<string, number>();
			});
			// A node of an older version does not say that it runs.
			const recent = [...answered].filter(([, at]) => at > Date.now() - NODE_MAX_AGE);
			const seen = [...new Map([...recent, ...running])].toSorted(([a], [b]) => (a < b ? -1 : 1));
			return seen.map(([name, seenAt]) => {
				const lastAt = answered.get(name);
				return { name, seenAt, ...(lastAt !== undefined && { lastAt }) };
			});
		},
		listen: events.listen,
		async close() {
			events.close();
			refusals.close();
			await Promise.all([index.close(), comparisons.close(), history.close(), deleted?.close()]);
		},
	};
}

/** What is stored of a comparison, given what was stored before: a write only if the answer is another one. */
function comparisonOf(isOld: boolean | undefined, before: ComparisonTimes, since: number | undefined): ComparisonTimes {
	if (isOld === undefined) return { outdated_at: null, compared_at: null };
	const now = Date.now();
	return { outdated_at: isOld ? before.outdated_at || (since ?? now) : null, compared_at: before.compared_at ?? now };
}
