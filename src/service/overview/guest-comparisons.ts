/** Compares what guests fetched with what they would get now, and stores since when they differ. */
import type { Instance } from "../../instance/instance.ts";
import type { ComparisonTimes, HistoryStore } from "../../store/history-store.ts";
import type { GuestDocuments } from "../guest-documents.ts";
import type { DigestOf } from "../request-history/document-content.ts";
import { type Comparisons, createComparisons } from "./comparisons.ts";
import { comparableAnswers, isOutdated } from "./freshness.ts";
import type { HistoryReader } from "./history-reader.ts";
import type { OverviewSource } from "./index-loader.ts";
import type { OverviewEvents } from "./overview-events.ts";
import type { GuestState } from "./search.ts";

export interface GuestComparisonsOptions {
	readonly source: OverviewSource;
	/** See InstanceIndexOptions. Otherwise a guest is only compared at once. */
	readonly isLocal: boolean;
	readonly documents: Pick<GuestDocuments, "tree">;
	readonly store: Pick<HistoryStore, "documents">;
	readonly digestOf: DigestOf;
	readonly history: Pick<HistoryReader, "lines" | "setComparison">;
	readonly stateOf: (id: string) => GuestState;
	readonly events: Pick<OverviewEvents, "guests" | "isWatched">;
	readonly onError: (error: unknown) => void;
}

export interface GuestComparisons extends Omit<Comparisons, "take"> {
	compareNow(id: string, instance: Instance): Promise<void>;
}

export function createGuestComparisons(options: GuestComparisonsOptions): GuestComparisons {
	const { source, isLocal, documents, store, digestOf, history, stateOf, events, onError } = options;

	/** @param since when a change was reported, if one was */
	async function compare(id: string, instance: Instance, since: number | undefined): Promise<void> {
		const tree = documents.tree(instance);
		const comparable = comparableAnswers(await store.documents(id), source.lacksUserData ?? false);
		const result = await isOutdated(comparable, (path) => tree.answer(path)?.body, digestOf);
		const line = history.lines.get(id);
		if (line === undefined) return;
		const before = stateOf(id);
		const found = comparisonOf(result, line, since);
		const isSame = found.outdated_at === line.outdated_at && found.compared_at === line.compared_at;
		if (!isSame) await history.setComparison(id, found);
		if (stateOf(id) !== before) events.guests([id]);
	}

	const { take, ...comparisons } = createComparisons({
		async compare(id, since, signal) {
			const instance = isLocal ? await source.instance(id, "all", signal) : undefined;
			if (instance !== undefined) await compare(id, instance, since);
		},
		isWatched: () => events.isWatched,
		onError,
	});
	return { ...comparisons, compareNow: (id, instance) => compare(id, instance, take(id)) };
}

/** What is stored of a comparison, given what was stored before: a write only if the answer is another one. */
function comparisonOf(isOld: boolean | undefined, before: ComparisonTimes, since: number | undefined): ComparisonTimes {
	if (isOld === undefined) return { outdated_at: null, compared_at: null };
	const now = Date.now();
	return { outdated_at: isOld ? before.outdated_at || (since ?? now) : null, compared_at: before.compared_at ?? now };
}
