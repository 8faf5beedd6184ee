/** The parts of the service that show operators what guests requested. */
import type { StateDatabase } from "../../store/database.ts";
import { createHistoryStore, type HistoryStore } from "../../store/history-store.ts";
import { createNodeStore } from "../../store/node-store.ts";
import { sharedKey } from "../../store/secrets.ts";
import type { GuestDocuments } from "../guest-documents.ts";
import type { Log } from "../log.ts";
import { limitedWarning } from "../log-limit.ts";
import { createDigests, type DigestOf } from "../request-history/document-content.ts";
import type { OverviewSource } from "./index-loader.ts";
import { createOverview, type Overview } from "./overview.ts";

export interface OverviewParts {
	readonly overview: Overview;
	readonly history: HistoryStore;
	readonly digestOf: DigestOf;
}

export interface OpenOverviewOptions {
	readonly source: OverviewSource;
	/** Whether the source answers from this machine. */
	readonly isLocal: boolean;
	readonly documents: Pick<GuestDocuments, "tree">;
	readonly log: Log;
}

/** @throws GuestwireError `state` */
export async function openOverview(state: StateDatabase, options: OpenOverviewOptions): Promise<OverviewParts> {
	const { log, ...parts } = options;
	const history = createHistoryStore(state);
	const digestOf = createDigests(await sharedKey(state, "history"));
	const onError = limitedWarning(log, "the operators' page may show old data");
	const nodes = createNodeStore(state);
	return { overview: createOverview({ ...parts, store: history, nodes, digestOf, onError }), history, digestOf };
}
