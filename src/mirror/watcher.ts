/** Keeps the mirror current, in one process of all that share it. */

import { hostname } from "node:os";
import type { RemoteSource } from "../source/remote-source.ts";
import { textOfName } from "../source/resource.ts";
import { type ChangeHandler, createChangeHandler } from "./change-handler.ts";
import { type ChangeJobs, createChangeJobs } from "./change-jobs.ts";
import type { Clock } from "./clock.ts";
import type { Doubts } from "./doubts.ts";
import { fillMirror } from "./fill.ts";
import type { InstanceReads } from "./instance-reads.ts";
import type { MirrorEvents } from "./mirror-events.ts";
import type { MirrorStore } from "./mirror-store.ts";
import { createPace } from "./pace.ts";
import { type ReconcileOptions, reconcile, rereadUnlisted } from "./reconcile.ts";
import type { ResourceReads } from "./resource-reads.ts";
import { createRetries, type Retries } from "./retries.ts";
import { listenToSignals, type SignalIntake } from "./signal-intake.ts";

export interface WatcherOptions {
	readonly remote: Pick<RemoteSource, "resources" | "signals">;
	readonly store: MirrorStore;
	readonly reads: ResourceReads;
	readonly instances: InstanceReads;
	readonly doubts: Doubts;
	/** See MirrorStoreOptions. */
	readonly userData: boolean;
	/** See FillOptions. */
	readonly waitingGuests: () => number;
	readonly clock: Clock;
	readonly events: MirrorEvents;
	/** Seconds between two comparisons of everything with the source. */
	readonly sweepSeconds: number;
	/** Seconds between two looks of signals that poll. */
	readonly pollSeconds: number;
}

export interface Watcher {
	close(): Promise<void>;
}

/** Milliseconds. */
const HEARTBEAT = 500;
/** How long a signal may take beyond `pollSeconds`. */
const SIGNAL_GRACE = 5000;
/** Until then, a reader can learn which resources were deleted. */
const TOMBSTONE_AGE = 24 * 3_600_000;

/** Waits to be elected, and then watches until it is closed or may no longer be the only one. */
export function startWatcher(options: WatcherOptions): Watcher {
	const { store, clock, events } = options;
	const closing = new AbortController();
	const retries = createRetries(clock, closing.signal, events.onLog);

	async function run(): Promise<void> {
		while (!closing.signal.aborted) {
			try {
				const lock = await store.lead(closing.signal);
				await lead(options, AbortSignal.any([closing.signal, lock.lost])).finally(() => lock.release());
			} catch (error) {
				await retries.failed(error);
			}
		}
	}
	const running = run().catch(() => {}); // it was closed
	return {
		async close() {
			closing.abort(new Error("the mirror is closing"));
			await running;
		},
	};
}

/** Rejects when the signal aborts. */
async function lead(options: WatcherOptions, signal: AbortSignal): Promise<void> {
	const { remote, store, reads, instances, clock, events, doubts } = options;
	const retries = createRetries(clock, signal, events.onLog);
	const handle = createChangeHandler(store, reads, instances);
	const jobs = createChangeJobs({ handle, retries, clock, signal, doubts, events });
	events.onLeading(true);
	const intake = listenToSignals({ signals: remote.signals, jobs, clock, events });
	const watch: Watch = { options, signal, retries, jobs, handle, intake, ...NOT_YET };
	try {
		const beats = createRetries(clock, signal, events.onLog);
		await Promise.all([repeat(() => maintain(watch), retries), repeat(() => beat(watch, beats), beats)]);
	} finally {
		events.onLeading(false);
		await intake.close();
	}
}

/** One leadership. */
interface Watch {
	readonly options: WatcherOptions;
	readonly signal: AbortSignal;
	readonly retries: Retries;
	readonly jobs: ChangeJobs;
	readonly handle: ChangeHandler;
	readonly intake: SignalIntake;
	/** When the last complete reading of everything started, in milliseconds since 1970. */
	comparedAt: number;
	isFilled: boolean;
	/** The version of the doubts that is stored. */
	doubtful: number;
}

const NOT_YET = { comparedAt: Number.NEGATIVE_INFINITY, isFilled: false, doubtful: -1 };

/** Goes on whatever fails. It ends when the retries do. */
async function repeat(work: () => Promise<void>, retries: Retries): Promise<never> {
	for (;;) await work().catch(retries.failed);
}

/** Fills the mirror; then compares it with the source when that is due, or waits for it. */
async function maintain(watch: Watch): Promise<void> {
	const { options, signal, intake } = watch;
	const { store, clock, remote } = options;
	if (!watch.isFilled) {
		await store.setMeta("leader", { host: hostname(), pid: process.pid, since: clock.now() });
		await storeMicroversion(watch);
		watch.comparedAt = (await fillMirror({ ...options, reader: remote.resources, signal })) ?? watch.comparedAt;
		watch.isFilled = true;
	}
	const gap = new AbortController();
	void intake.nextGap().then(() => gap.abort());
	const untilGap = AbortSignal.any([signal, gap.signal]);
	const isGap = intake.lastGap() >= watch.comparedAt;
	const due = watch.comparedAt + options.sweepSeconds * 1000 - clock.now();
	try {
		if (!isGap && due > 0) return await clock.sleep(due, untilGap);
		await compare(watch, isGap, isGap ? signal : untilGap);
		await rereadUnlisted(comparisonOf(watch, untilGap));
		await store.purge(clock.now() - TOMBSTONE_AGE);
	} catch (error) {
		// A gap is repaired at once.
		if (!gap.signal.aborted || signal.aborted) throw error;
	}
}

async function compare(watch: Watch, isGap: boolean, signal: AbortSignal): Promise<void> {
	const { options, retries } = watch;
	const { store, clock, remote } = options;
	// A watcher that wrongly believed to lead may have put the record of the fill back to its own state.
	await fillMirror({ ...options, reader: remote.resources, signal });
	const startedAt = clock.now();
	await storeMicroversion({ options, signal });
	await reconcile(comparisonOf(watch, signal), isGap);
	await writeDoubts(watch);
	await store.setMeta("reconciledAt", startedAt);
	watch.comparedAt = startedAt;
	retries.succeeded();
}

/** Documents of profile `nova` depend on it: without it, no guest is answered from the mirror. */
async function storeMicroversion({
	options: { remote, store },
	signal,
}: Pick<Watch, "options" | "signal">): Promise<void> {
	const version = await remote.resources.novaMicroversion?.(signal);
	if (version !== undefined) await store.setMeta("novaMicroversion", version);
}

function comparisonOf({ options, handle, jobs, intake, comparedAt }: Watch, signal: AbortSignal): ReconcileOptions {
	const { store, clock, remote, doubts, events, userData, pollSeconds } = options;
	const areSignalsComplete = (since: number) => intake.isComplete() && intake.lastGap() < since;
	return {
		...{ reader: remote.resources, store, handle, isReported: jobs.has, clock, doubts, signal, events },
		...{ pace: createPace(clock, signal), grace: SIGNAL_GRACE + pollSeconds * 1000 },
		...{ comparedAt, areSignalsComplete, userData },
	};
}

async function writeDoubts(watch: Watch): Promise<void> {
	const { store, doubts } = watch.options;
	const version = doubts.version();
	if (version === watch.doubtful) return;
	await store.setMeta("doubtful", doubts.names().map(textOfName));
	watch.doubtful = version;
}

/** Writes up to when the mirror has every change. */
async function beat(watch: Watch, retries: Retries): Promise<void> {
	const { options, signal, jobs, intake } = watch;
	const { store, clock } = options;
	await writeDoubts(watch);
	if (watch.isFilled && intake.isComplete() && intake.lastGap() < watch.comparedAt) {
		await store.setMeta("current", jobs.oldest() ?? clock.now());
	}
	retries.succeeded();
	await clock.sleep(HEARTBEAT, signal);
}
