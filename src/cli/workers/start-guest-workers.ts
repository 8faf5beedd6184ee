/** Guests served by several processes. */

import type { DocumentSettings } from "../../documents/settings.ts";
import { withLocation } from "../../errors.ts";
import { parseListenAddress, removeStaleSocket } from "../../http/listen.ts";
import type { LogFile } from "../../service/log.ts";
import type { DynamicVendorData } from "../../service/vendor-data.ts";
import type { HistoryStore } from "../../store/history-store.ts";
import type { GuestParts } from "../guests.ts";
import type { CommandContext } from "../source.ts";
import { createWorkerAnswers, OWNER_SHARING } from "./answer-workers.ts";
import { startWorkers, type Workers } from "./start-workers.ts";

export interface GuestWorkersOptions extends Pick<GuestParts, "listeners" | "passwords" | "log" | "metrics"> {
	readonly count: number;
	readonly context: CommandContext;
	readonly settings: DocumentSettings;
	readonly vendorData: DynamicVendorData;
	readonly history: { readonly store: HistoryStore; readonly key: Uint8Array };
	readonly append: LogFile["append"];
	readonly onEnd: Parameters<typeof startWorkers>[0]["onEnd"];
}

/**
 * Starts the workers, and leaves it to `open` to stop them.
 *
 * @throws GuestwireError `config`, `listen`
 */
export async function startGuestWorkers(options: GuestWorkersOptions, open: AsyncDisposableStack): Promise<Workers> {
	const { count, context, listeners, vendorData, passwords, history, append: log, onEnd } = options;
	const { config, instances, source, workerMaxAge: maxAge } = context;
	for (const { config: listener, location } of listeners) {
		await withLocation(location, async () => {
			const address = parseListenAddress(listener.listen);
			if ("path" in address) await removeStaleSocket(address.path);
		});
	}
	const answers = createWorkerAnswers({ instances, source, vendorData, passwords, history: history.store, log });
	const { guestFiles: _, ...settings } = options.settings;
	const workers = await startWorkers({
		...{ count, answers, onEnd, log: options.log },
		settings: {
			...{ listeners, settings, maxAge, guestFiles: config.guestFiles, historyKey: history.key },
			sourceAge: context.sourceAge + OWNER_SHARING,
			maxBytes: config.cacheMegabytes * 2 ** 20,
			hasVendorData: vendorData.hasTargets,
			hasLastKnownOwners: source.lastKnownOwners !== undefined,
		},
	});
	open.defer(() => workers.close());
	return workers;
}
