/** Keeps the mirror current, in one process of all that share it. */
import { GuestwireError } from "../errors.ts";
import type { RemoteSource } from "../source/remote-source.ts";
import type { ResourceKind } from "../source/resource.ts";
import type { Lock } from "../store/database.ts";
import { boundHandler } from "./bounded-handler.ts";
import { createChangeHandler } from "./change-handler.ts";
import { createChangeJobs } from "./change-jobs.ts";
import type { Clock } from "./clock.ts";
import { createCompared } from "./compared.ts";
import type { Doubts } from "./doubts.ts";
import type { InstanceReads } from "./instance-reads.ts";
import { maintain, NOT_YET, type Watch, writeDoubts, writeSenders } from "./maintain.ts";
import type { MirrorEvents } from "./mirror-events.ts";
import type { MirrorStore } from "./mirror-store.ts";
import { createHaste } from "./pace.ts";
import type { ResourceReads } from "./resource-reads.ts";
import { createRetries, type Retries, type RetryTexts } from "./retries.ts";
import { createSenders } from "./senders.ts";
import { listenToSignals } from "./signal-intake.ts";

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
const LEADERSHIP: RetryTexts = {
	failed: "this process is not the mirror's watcher",
	succeeded: "this process is the mirror's watcher again",
};

/** Waits to be elected, and then watches until it is closed or may no longer be the only one. */
export function startWatcher(options: WatcherOptions): Watcher {
	const { store, clock, events } = options;
	const closing = new AbortController();
	const retries = createRetries(clock, closing.signal, events.onLog, LEADERSHIP);

	async function run(): Promise<void> {
		while (!closing.signal.aborted) {
			try {
				const lock = await store.lead(closing.signal);
				retries.succeeded();
				await leadUntilLost(options, closing.signal, lock);
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

async function leadUntilLost(options: WatcherOptions, closing: AbortSignal, { lost, release }: Lock): Promise<void> {
	try {
		await lead(options, AbortSignal.any([closing, lost]));
	} catch (error) {
		if (!lost.aborted) throw error;
		throw new GuestwireError("state", "the database's lock is lost, and another process may have it");
	} finally {
		await release();
	}
}

/** Rejects when the signal aborts. */
async function lead(options: WatcherOptions, signal: AbortSignal): Promise<void> {
	const { remote, store, reads, instances, clock, events, doubts } = options;
	const retries = createRetries(clock, signal, events.onLog);
	const handle = createChangeHandler(store, reads, instances);
	const bounded = boundHandler(handle, { store, clock, signal });
	const jobs = createChangeJobs({ handle: bounded, retries, clock, signal, doubts, events });
	const known = await store.getMeta("senders");
	const senders = createSenders({ signals: remote.signals, known, clock, onLog: events.onLog });
	events.onLeading(true);
	const intake = listenToSignals({ signals: remote.signals, jobs, senders, clock, events });
	// While an API is away, what it has is compared last.
	const kinds = remote.resources.kinds.toSorted(
		(a, b) => Number(intake.hasOwnSignal(a)) - Number(intake.hasOwnSignal(b)),
	);
	const compared = createCompared(kinds, intake, clock);
	const haste = createHaste(clock);
	const watch: Watch = { options, signal, retries, jobs, handle, senders, intake, compared, haste, ...NOT_YET };
	try {
		const beats = createRetries(clock, signal, events.onLog);
		await Promise.all([repeat(() => maintain(watch), retries), repeat(() => beat(watch, beats), beats)]);
	} finally {
		events.onLeading(false);
		await intake.close();
	}
}

/** Goes on whatever fails. It ends when the retries do. */
async function repeat(work: () => Promise<void>, retries: Retries): Promise<never> {
	for (;;) await work().catch(retries.failed);
}

/** Before a time is stored that does not count for them. */
async function writeUnproven(watch: Watch, kinds: readonly ResourceKind[]): Promise<void> {
	const text = kinds.join();
	if (text === watch.unproven) return;
	await watch.options.store.setMeta("unproven", kinds);
	watch.unproven = text;
}

/** Writes up to when the mirror has every change. */
async function beat(watch: Watch, retries: Retries): Promise<void> {
	const { options, signal, jobs, senders, intake, compared } = watch;
	const { store, clock } = options;
	await writeSenders(watch);
	const areComplete = senders.areTrusted() && intake.isComplete();
	const isCurrent = watch.isFilled && areComplete && compared.uncertain().length === 0;
	const current = jobs.oldest() ?? clock.now();
	// Only now: a change that can't be read is in doubt before it is no longer among the jobs.
	await writeDoubts(watch);
	if (isCurrent) {
		await writeUnproven(watch, intake.unproven(current));
		await store.setMeta("current", current);
	}
	retries.succeeded();
	await clock.sleep(HEARTBEAT, signal);
}
