/** The mirror of `guestwire serve`. */
import type { Registry } from "prom-client";
import type { MirrorStore } from "../mirror/mirror-store.ts";
import { openMirror } from "../mirror/open-mirror.ts";
import { openMirrorStore } from "../mirror/open-mirror-store.ts";
import { describeSenders } from "../mirror/senders.ts";
import { createStoredSource, type StoredSource } from "../mirror/stored-source.ts";
import type { Log } from "../service/log.ts";
import { collectMirror, collectToken, createMirrorMetrics } from "../service/mirror-metrics.ts";
import type { RemoteSource } from "../source/remote-source.ts";
import type { FactsSource } from "../source/source.ts";
import type { StateDatabase } from "../store/database.ts";
import type { Config } from "./config-schema.ts";

export interface ServiceMirror {
	readonly source: FactsSource;
	/** Whether guests can be answered: an instance is known, or the source answers. */
	readonly isReady: () => boolean;
	/** Whether all instances are known and the signals report their changes. */
	readonly isCurrent: () => boolean;
	/** See OperatorServerOptions. */
	readonly problems: () => readonly string[];
	readonly stored: StoredSource;
}

export interface ServiceMirrorOptions {
	readonly config: Config;
	/** How old answers may be, in seconds; part of the configuration's `freshness`. */
	readonly age: number;
	readonly database: StateDatabase;
	readonly registry: Registry;
	readonly log: Log;
}

/** Milliseconds since the signals last proved that the mirror is current. */
const CURRENT = 5000;

/** @throws GuestwireError `state` */
export async function openServiceMirror(remote: RemoteSource, options: ServiceMirrorOptions): Promise<ServiceMirror> {
	const { config, age, database, registry, log } = options;
	const { userData, sweepMinutes, changes } = config.mirror;
	const onTimeAhead = () => log.warn("the mirror has times that lie ahead: synchronize the clocks of all nodes (NTP)");
	const store = await openMirrorStore(database, { sourceId: remote.sourceId, userData, onTimeAhead });
	const metrics = createMirrorMetrics(registry);
	const hasServers = await hasAny(store.servers());
	let isReachable = false;
	const mirror = await openMirror(remote, {
		...{ store, freshness: age, userData, profile: config.networkData.profile },
		...{ sweepSeconds: sweepMinutes * 60, pollSeconds: changes.pollSeconds },
		events: {
			...metrics,
			onRequest(kind, seconds, failed) {
				isReachable ||= !failed;
				metrics.onRequest(kind, seconds, failed);
			},
			onMissedChanges(kind, ids) {
				log.warn({ kind, count: ids.length, ids: ids.slice(0, 5) }, "no signal reported these changes");
				metrics.onMissedChanges(kind, ids);
			},
			onLog: (level, message) => log[level](message),
		},
	});
	const { state, source } = mirror;
	collectMirror(registry, { store, state, kinds: remote.resources.kinds });
	if (remote.tokenRemaining) collectToken(registry, remote.tokenRemaining);
	const ageSeconds = Math.round((Date.now() - state.verifiedAt()) / 1000);
	// Nobody waits for the count, which may take seconds.
	void count(store).then((servers) =>
		log.info(
			{ ...(servers !== undefined && { servers }), ...(Number.isFinite(ageSeconds) && { ageSeconds }) },
			"the mirror is open",
		),
	);
	return {
		source,
		isReady: () => hasServers || isReachable,
		problems: () => describeSenders(remote.signals, state.senders()),
		isCurrent: () => state.isFilled() && Date.now() - state.verifiedAt() < CURRENT,
		stored: createStoredSource(mirror, { store, userData, profile: config.networkData.profile }),
	};
}

async function hasAny(pages: AsyncIterable<readonly unknown[]>): Promise<boolean> {
	for await (const page of pages) if (page.length > 0) return true;
	return false;
}

async function count(store: Pick<MirrorStore, "stats">): Promise<number | undefined> {
	const stats = await store.stats().catch(() => undefined);
	return stats && (stats.resources.server ?? 0);
}
