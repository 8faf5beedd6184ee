/** What serves guests: in the service's only process, or in each worker. */
import { setFlagsFromString } from "node:v8";
import {
	type MetadataService,
	type MetadataServiceOptions,
	startMetadataService,
} from "../http/guest/metadata-service.ts";
import { warmUp } from "../http/guest/warm-up.ts";
import { type OpenRecorderOptions, openRecorder } from "../service/request-history/open-recorder.ts";
import { metadataListener, type ResolvedListener } from "./listeners.ts";

export interface GuestParts extends Omit<MetadataServiceOptions, "listeners" | "record"> {
	readonly listeners: readonly ResolvedListener[];
	readonly history: Pick<OpenRecorderOptions, "store" | "key">;
}

/**
 * By how much the heap may grow before all of it is searched for garbage. V8 lets that of an idle process grow by some
 * 10 %, so the first thousand of many guests that ask at once would wait for such a search.
 */
const HEAP_GROWTH = "--heap-growing-percent=50";

/**
 * Starts the listeners, and leaves it to `open` to close them.
 *
 * @throws GuestwireError `config`, `listen`
 */
export async function startGuests(parts: GuestParts, open: AsyncDisposableStack): Promise<MetadataService> {
	const { history, log, metrics } = parts;
	const { record, close } = openRecorder({ ...history, log, onLost: metrics.historyLost });
	open.defer(close);
	setFlagsFromString(HEAP_GROWTH);
	const service = await startMetadataService({ ...parts, listeners: parts.listeners.map(metadataListener), record });
	open.defer(() => service.close());
	const closing = new AbortController();
	const warming = warmUp(parts.documents, closing.signal).catch(({ message }: Error) => {
		if (!closing.signal.aborted)
			log.info({ reason: message }, "the first responses may be slow: the process could not warm itself up");
	});
	open.defer(async () => {
		closing.abort();
		await warming;
	});
	return service;
}
