/** What a watcher does with the mirror when nothing is reported: fills it, and compares it with the source. */
import { type ResourceKind, textOfName } from "../source/resource.ts";
import type { ChangeHandler } from "./change-handler.ts";
import type { ChangeJobs } from "./change-jobs.ts";
import type { Compared } from "./compared.ts";
import { fillMirror, isEmpty } from "./fill.ts";
import { createPace, type Haste, type Pace } from "./pace.ts";
import {
	type Progress,
	type ReconcileOptions,
	reconcile,
	repairDoubts,
	repairKind,
	startProgress,
} from "./reconcile.ts";
import { reread } from "./reread.ts";
import type { Retries } from "./retries.ts";
import type { Senders } from "./senders.ts";
import type { SignalIntake } from "./signal-intake.ts";
import { takeOver } from "./take-over.ts";
import type { WatcherOptions } from "./watcher.ts";

/** How long a signal may take beyond `pollSeconds`. Milliseconds. */
const SIGNAL_GRACE = 5000;
/** How long the first reading waits for the signals: what is read before they work may change unnoticed. Milliseconds. */
const SIGNAL_START = 5000;
/** After this time, what could not be read is read again. Milliseconds. */
const DOUBT_AGE = 60_000;
/** Until then, a reader can learn which resources were deleted. Milliseconds. */
const TOMBSTONE_AGE = 24 * 3_600_000;

/** One leadership. */
export interface Watch {
	readonly options: WatcherOptions;
	readonly signal: AbortSignal;
	readonly retries: Retries;
	readonly jobs: ChangeJobs;
	readonly handle: ChangeHandler;
	readonly senders: Senders;
	readonly intake: SignalIntake;
	readonly compared: Compared;
	readonly haste: Haste;
	isFilled: boolean;
	/** Called when an empty mirror is filled: all that it then has was read in this leadership. */
	fillEnds: readonly (() => void)[] | undefined;
	/** See MirrorMeta. */
	unlistedFrom: number;
	/** The versions of the doubts and of the senders that are stored. */
	doubtful: number;
	known: number;
	/** The kinds that are stored as not proven. */
	unproven: string | undefined;
	/** A comparison that is under way, or that has failed. */
	sweep: Sweep | undefined;
	/** The comparison after which the details without a listing still have to be read again. */
	toReread: "after a gap" | "after a sweep" | undefined;
}

interface Sweep extends Progress {
	/** Called when it has ended. */
	readonly ends: readonly (() => void)[];
}

export const NOT_YET = {
	...{ isFilled: false, fillEnds: undefined, unlistedFrom: Number.NEGATIVE_INFINITY },
	...{ doubtful: -1, known: -1, unproven: undefined, sweep: undefined, toReread: undefined },
};

/** Fills the mirror; then compares it with the source when that is due, or waits for it. */
export async function maintain(watch: Watch): Promise<void> {
	const { options, signal, intake, compared } = watch;
	if (!watch.isFilled) await fill(watch);
	const gap = intake.untilGap();
	const untilGap = AbortSignal.any([signal, gap]);
	const uncertain = compared.uncertain();
	const age = options.clock.now() - compared.since();
	// A comparison that lies ahead was made before the clock was put back.
	const due = age < 0 ? 0 : options.sweepSeconds * 1000 - age;
	try {
		if (uncertain.length > 0) await compareAfterGap(watch, uncertain);
		else if (due > 0) await waitFor(due, watch, untilGap);
		else await compareAll(watch, untilGap);
		await rereadOnce(watch, untilGap);
	} catch (error) {
		// A gap is repaired at once.
		if (!gap.aborted || signal.aborted) throw error;
	}
}

/** After each comparison. What fails is tried again, after a wait. */
async function rereadOnce(watch: Watch, signal: AbortSignal): Promise<void> {
	const { options, compared, toReread } = watch;
	const { store, clock, sweepSeconds } = options;
	if (toReread === undefined) return;
	await reread({ ...comparisonOf(watch, signal), until: compared.since() + sweepSeconds * 1000 });
	// After a gap, changes do not count as missed.
	if (toReread === "after a sweep") watch.senders.compared(compared.since());
	await store.purge(clock.now() - TOMBSTONE_AGE);
	watch.toReread = undefined;
	watch.retries.succeeded();
}

/** What is read once the signals work needs no comparison. */
async function fill(watch: Watch): Promise<void> {
	const { options, signal, compared } = watch;
	const { store, clock, remote } = options;
	await takeOver(store, clock.now());
	await storeMicroversion(watch);
	await untilSignals(watch);
	watch.fillEnds ??= (await isEmpty(store)) ? remote.resources.kinds.map(compared.start) : [];
	await fillMirror({ ...options, reader: remote.resources, signal });
	for (const end of watch.fillEnds) end();
	if (watch.fillEnds.length > 0) await store.setMeta("reconciledAt", compared.since());
	watch.isFilled = true;
}

async function untilSignals({ options: { clock }, intake, signal }: Watch): Promise<void> {
	const timer = new AbortController();
	const timeout = clock.sleep(SIGNAL_START, AbortSignal.any([signal, timer.signal]));
	await Promise.race([intake.allUp, timeout]).finally(() => timer.abort());
}

async function waitFor(milliseconds: number, watch: Watch, signal: AbortSignal): Promise<void> {
	await watch.options.clock.sleep(Math.min(milliseconds, DOUBT_AGE), signal);
	const comparison = comparisonOf(watch, signal);
	await comparison.pace(() => repairDoubts(comparison));
}

/** Kind by kind: after a failure, only those are compared that are left. */
async function compareAfterGap(watch: Watch, kinds: readonly ResourceKind[]): Promise<void> {
	const { options, signal, compared, haste } = watch;
	const startedAt = options.clock.now();
	const isHasty = haste.isAllowed();
	const comparison = { ...comparisonOf(watch, signal), ...(isHasty && { pace: withoutRests }) };
	watch.sweep = undefined;
	watch.toReread = "after a gap";
	let arePortsCurrent = false;
	try {
		await beforeComparison(watch, signal);
		for (const kind of kinds) {
			const end = compared.start(kind);
			// Only servers have what has no listing.
			if (kind === "server") watch.unlistedFrom = watch.intake.lastGap();
			await repairKind(kind, { ...comparison, arePortsCurrent, unlistedFrom: watch.unlistedFrom });
			if (kind === "port") arePortsCurrent = true;
			if (kind === "server") await options.store.setMeta("unlistedFrom", watch.unlistedFrom);
			end();
		}
		await afterComparison(watch);
		await repairDoubts(comparison);
	} finally {
		if (isHasty) haste.spend(options.clock.now() - startedAt);
	}
}

const withoutRests: Pace = (work) => work();

async function compareAll(watch: Watch, signal: AbortSignal): Promise<void> {
	const { options, compared } = watch;
	const { resources } = options.remote;
	watch.toReread = "after a sweep";
	await forgetFuture(watch);
	await beforeComparison(watch, signal);
	watch.sweep ??= { ...startProgress(resources), ends: resources.kinds.map(compared.start) };
	await reconcile(comparisonOf(watch, signal), watch.sweep);
	for (const end of watch.sweep.ends) end();
	watch.sweep = undefined;
	await afterComparison(watch);
}

/** The clock may have been put back: signals may have been lost until now then. */
async function forgetFuture(watch: Watch): Promise<void> {
	const { store, clock } = watch.options;
	if (watch.unlistedFrom <= clock.now()) return;
	watch.unlistedFrom = clock.now();
	await store.setMeta("unlistedFrom", watch.unlistedFrom);
}

async function beforeComparison({ options }: Watch, signal: AbortSignal): Promise<void> {
	// A watcher that wrongly believed to lead may have put the record of the fill back to its own state.
	await fillMirror({ ...options, reader: options.remote.resources, signal });
	await storeMicroversion({ options, signal });
}

async function afterComparison(watch: Watch): Promise<void> {
	await writeDoubts(watch);
	await watch.options.store.setMeta("reconciledAt", watch.compared.since());
	watch.retries.succeeded();
}

/** Documents of profile `nova` depend on it: without it, no guest is answered from the mirror. */
async function storeMicroversion({
	options: { remote, store },
	signal,
}: Pick<Watch, "options" | "signal">): Promise<void> {
	const version = await remote.resources.novaMicroversion?.(signal);
	if (version !== undefined) await store.setMeta("novaMicroversion", version);
}

function comparisonOf(
	{ options, handle, jobs, senders, intake, compared, unlistedFrom }: Watch,
	signal: AbortSignal,
): ReconcileOptions {
	const { store, clock, remote, doubts, userData, pollSeconds } = options;
	const events: ReconcileOptions["events"] = {
		onMissedChanges(kind, ids) {
			senders.missed(kind);
			options.events.onMissedChanges(kind, ids);
		},
	};
	const areSignalsComplete = (since: number) => intake.isComplete() && intake.areAllUp() && intake.lastGap() < since;
	return {
		...{ reader: remote.resources, store, handle, isReported: jobs.has, clock, doubts, signal, events },
		...{ pace: createPace(clock, signal), grace: SIGNAL_GRACE + pollSeconds * 1000 },
		...{ comparedAt: compared.since(), unlistedFrom, arePortsCurrent: false, areSignalsComplete, userData },
	};
}

export async function writeDoubts(watch: Watch): Promise<void> {
	const { store, doubts } = watch.options;
	const version = doubts.version();
	if (version === watch.doubtful) return;
	await store.setMeta("doubtful", doubts.names().map(textOfName));
	watch.doubtful = version;
}

export async function writeSenders(watch: Watch): Promise<void> {
	const { senders, options } = watch;
	senders.logSilence();
	const version = senders.version();
	if (version === watch.known) return;
	await options.store.setMeta("senders", senders.known());
	watch.known = version;
}
