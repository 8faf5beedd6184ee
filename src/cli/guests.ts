/** What serves guests: in the service's only process, or in each worker. */
import {
	type MetadataService,
	type MetadataServiceOptions,
	startMetadataService,
} from "../http/guest/metadata-service.ts";
import { type OpenRecorderOptions, openRecorder } from "../service/request-history/open-recorder.ts";
import { metadataListener, type ResolvedListener } from "./listeners.ts";

export interface GuestParts extends Omit<MetadataServiceOptions, "listeners" | "record"> {
	readonly listeners: readonly ResolvedListener[];
	readonly history: Pick<OpenRecorderOptions, "store" | "key">;
}

/**
 * Starts the listeners, and leaves it to `open` to close them.
 *
 * @throws GuestwireError `config`, `listen`
 */
export async function startGuests(parts: GuestParts, open: AsyncDisposableStack): Promise<MetadataService> {
	const { history, log, metrics } = parts;
	const { record, close } = openRecorder({ ...history, log, onLost: metrics.historyLost });
	open.defer(close);
	const service = await startMetadataService({ ...parts, listeners: parts.listeners.map(metadataListener), record });
	open.defer(() => service.close());
	return service;
}
