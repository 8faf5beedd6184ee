/**
 * What operators see of all guests: every instance with what its guest requested last, and whether it still has what it
 * would get now. Kept in memory by the process that runs the operator server; the state is the truth.
 */
import type { Instance } from "../../instance/instance.ts";
import type { HistoryStore } from "../../store/history-store.ts";
import type { NodeStore } from "../../store/node-store.ts";
import { LIMITS } from "../request-history/recorder.ts";
import { createDeletedGuests } from "./deleted-guests.ts";
import { createGuestComparisons, type GuestComparisonsOptions } from "./guest-comparisons.ts";
import { guestState } from "./guest-state.ts";
import { createHistoryReader, type HistoryReader } from "./history-reader.ts";
import { createInstanceIndex, type InstanceIndex } from "./index-loader.ts";
import { type IndexedInstance, indexedInstance } from "./indexed-instance.ts";
import { findNodes, type OverviewNode } from "./nodes.ts";
import { createOverviewEvents, type OverviewEvent } from "./overview-events.ts";
import { createRefusals, type RefusalPage, type RefusalQuery } from "./refusals.ts";
import { type Guest, type SearchPage, type SearchQuery, searchGuests } from "./search.ts";
import { createSharedSearches } from "./shared-searches.ts";

/** One page of the results. */
export interface OverviewPage extends SearchPage {
	/** Whether all instances had been read. */
	readonly isComplete: boolean;
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

export interface OverviewOptions
	extends Pick<GuestComparisonsOptions, "source" | "isLocal" | "documents" | "digestOf" | "onError"> {
	readonly store: HistoryStore;
	readonly nodes: Pick<NodeStore, "list">;
}

/** More guests than that can wait to be compared, all of them. */
const MAX_URGENT = 200;

export function createOverview(options: OverviewOptions): Overview {
	const { index, history, refusals, comparisons, events, ...parts } = createParts(options);
	const { guestOf, markRefused } = parts;
	return {
		get isComplete() {
			return index.isComplete;
		},
		async search(query) {
			await index.refresh();
			markRefused();
			const page = await parts.searches.search(query);
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
		lacksUserData: options.source.lacksUserData ?? false,
		look(id, instance) {
			markRefused();
			return comparisons.compareNow(id, instance);
		},
		async refusals(query) {
			await index.refresh();
			return refusals.page(query);
		},
		nodes: () => findNodes(options.nodes, history.lines.values(), options.onError),
		listen: events.listen,
		async close() {
			events.close();
			refusals.close();
			await Promise.all([index.close(), comparisons.close(), history.close(), parts.deleted?.close()]);
		},
	};
}

/** The parts, and what they tell each other. */
function createParts(options: OverviewOptions) {
	const { source, isLocal, store, onError } = options;
	const searches = createSharedSearches(async (query: SearchQuery): Promise<OverviewPage> => {
		const { isComplete } = index;
		return { ...(await searchGuests(index.instances.values().map(guestOf), query)), isComplete };
	});
	const events = createOverviewEvents(searches.forget);
	const refusals = createRefusals({ store, instances: () => index.instances.values(), onRested: markRefused });
	const history: HistoryReader = createHistoryReader({
		...{ store, maxLines: LIMITS.instances, onError, onLines: events.guests },
		onStored: (id) => comparisons.addLater(id),
		onRequests: (id) => comparisons.add(id),
		onRefusals() {
			refusals.add();
			events.refusals();
		},
	});
	const stateOf = (id: string) => guestState(history.lines.get(id), refusals.nearest.get(id));
	function guestOf(instance: IndexedInstance): Guest {
		return { instance, history: history.lines.get(instance.id), state: stateOf(instance.id) };
	}
	const comparisons = createGuestComparisons({ ...options, history, events, stateOf });
	const index: InstanceIndex = createInstanceIndex({
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

	return { searches, events, refusals, history, comparisons, index, deleted, guestOf, markRefused };
}
