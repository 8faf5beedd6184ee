/** Listens to all signals of a source. */
import type { ChangeSignals, Signal, SignalHandler } from "../source/remote-source.ts";
import type { ResourceKind } from "../source/resource.ts";
import type { ChangeJobs } from "./change-jobs.ts";
import type { Clock } from "./clock.ts";
import type { MirrorEvents } from "./mirror-events.ts";
import type { Senders } from "./senders.ts";

export interface SignalIntake {
	/** Whether the signals work that are needed for every kind, whoever sends. The others may not: see `unproven`. */
	isComplete(): boolean;
	/** Whether all signals work. */
	areAllUp(): boolean;
	/** Resolves once all signals work. */
	readonly allUp: Promise<void>;
	/** The kinds that a signal is needed for which does not work, or only since a time in milliseconds since 1970. */
	unproven(at: number): readonly ResourceKind[];
	/** Until when changes may have been lost, in milliseconds since 1970. */
	lastGap(): number;
	/** How many times changes of a kind may have been lost. The gaps of other signals than its own don't count. */
	gapsOf(kind: ResourceKind): number;
	/** Whether a signal is needed for this kind that is not needed for every other one. */
	hasOwnSignal(kind: ResourceKind): boolean;
	/** Aborts at the next gap. */
	untilGap(): AbortSignal;
	close(): Promise<void>;
}

export interface SignalIntakeOptions {
	readonly signals: readonly ChangeSignals[];
	readonly jobs: ChangeJobs;
	readonly senders: Pick<Senders, "connected" | "heard">;
	readonly clock: Clock;
	readonly events: MirrorEvents;
}

/** Starts to listen. Whatever was changed before is a gap. */
export function listenToSignals(options: SignalIntakeOptions): SignalIntake {
	const { signals, clock } = options;
	const up = createUpTimes(signals.length, clock);
	const own = new Set(signals.flatMap(ownKinds));
	const gaps = createGaps(clock, own);
	const handlerOf = createHandlers(options, up, gaps);
	const ends = signals.map((source) => source.listen(handlerOf(source)));
	const whole = signals.filter(({ neededFor }) => neededFor === "every kind");
	return {
		isComplete: () => whole.length > 0 && whole.every((source) => up.since(source) !== undefined),
		areAllUp: up.areAll,
		allUp: up.all,
		unproven(at) {
			// The clock may have been put back: what lies ahead of it was before now.
			const now = clock.now();
			up.endBy(now);
			gaps.endBy(now);
			const isProven = (source: ChangeSignals) => (up.since(source) ?? Number.POSITIVE_INFINITY) < at;
			return signals.flatMap((source) => (isProven(source) ? [] : ownKinds(source)));
		},
		...{ lastGap: gaps.last, gapsOf: gaps.of, untilGap: gaps.untilNext },
		hasOwnSignal: (kind) => own.has(kind),
		async close() {
			await Promise.allSettled(ends.map((end) => end()));
		},
	};
}

/** Handles what each signal reports. */
function createHandlers(
	{ jobs, senders, events }: SignalIntakeOptions,
	up: ReturnType<typeof createUpTimes>,
	gaps: ReturnType<typeof createGaps>,
) {
	function setUp(source: ChangeSignals): void {
		up.add(source);
		events.onSignalState(source.name, true);
	}

	function take({ kind, ids, changedAt }: Signal, { name }: ChangeSignals): void {
		const lost = ids.filter((id) => !jobs.add({ kind, id }, { signal: name, changedAt }));
		if (lost.length === 0) return;
		events.onGap(name);
		gaps.add("every kind");
		gaps.add([kind]);
	}

	return (source: ChangeSignals): SignalHandler => ({
		onSignals(some) {
			for (const signal of some) take(signal, source);
		},
		onGap(since, place) {
			if (place !== undefined) senders.connected(place);
			setUp(source);
			// The very first connection does not count as a gap.
			if (since !== undefined) events.onGap(source.name);
			gaps.add(source.neededFor);
		},
		onUp: () => setUp(source),
		onHeard(sender) {
			if (senders.heard(sender)) gaps.add(source.neededFor);
		},
		onDown(reason) {
			up.delete(source);
			events.onSignalState(source.name, false);
			events.onLog("warn", `signal ${source.name} is down: ${reason}`);
		},
		onInvalid() {
			events.onInvalidSignal(source.name);
		},
	});
}

/** The kinds that a signal is needed for which is not needed for every kind. */
export const ownKinds = ({ neededFor }: Pick<ChangeSignals, "neededFor">): readonly ResourceKind[] =>
	neededFor === "every kind" ? [] : neededFor;

/** Since when the signals that work have been up. @param count how many signals there are */
function createUpTimes(count: number, clock: Clock) {
	const times = new Map<ChangeSignals, number>();
	const all = Promise.withResolvers<void>();
	if (count === 0) all.resolve();
	return {
		add(source: ChangeSignals): void {
			times.set(source, clock.now());
			if (times.size === count) all.resolve();
		},
		delete: (source: ChangeSignals) => times.delete(source),
		since: (source: ChangeSignals) => times.get(source),
		areAll: () => times.size === count,
		all: all.promise,
		/** None came up later than this. */
		endBy(time: number): void {
			for (const [source, since] of times) times.set(source, Math.min(since, time));
		},
	};
}

/** @param own kinds that have a signal of their own */
function createGaps(clock: Clock, own: ReadonlySet<ResourceKind>) {
	let last = clock.now();
	let ofOthers = 0;
	const ofOwn = new Map<ResourceKind, number>();
	let next = new AbortController();
	return {
		add(kinds: ChangeSignals["neededFor"]): void {
			if (kinds.length === 0) return;
			last = clock.now();
			if (kinds === "every kind") ofOthers++;
			else for (const kind of kinds) ofOwn.set(kind, (ofOwn.get(kind) ?? 0) + 1);
			const ended = next;
			next = new AbortController();
			ended.abort(new Error("changes may have been lost"));
		},
		last: () => last,
		/** The last gap was not later than this. */
		endBy(time: number): void {
			last = Math.min(last, time);
		},
		of: (kind: ResourceKind) => (own.has(kind) ? (ofOwn.get(kind) ?? 0) : ofOthers),
		untilNext: () => next.signal,
	};
}
