/** Listens to all signals of a source. */
import type { ChangeSignals, Signal, SignalHandler } from "../source/remote-source.ts";
import type { ChangeJobs } from "./change-jobs.ts";
import type { Clock } from "./clock.ts";
import type { MirrorEvents } from "./mirror-events.ts";

export interface SignalIntake {
	/** Whether all signals work, and together they report every change. */
	isComplete(): boolean;
	/** Until when changes may have been lost, in milliseconds since 1970. */
	lastGap(): number;
	/** Resolves at the next gap. */
	nextGap(): Promise<void>;
	close(): Promise<void>;
}

export interface SignalIntakeOptions {
	readonly signals: readonly ChangeSignals[];
	readonly jobs: ChangeJobs;
	readonly clock: Clock;
	readonly events: MirrorEvents;
}

/** Starts to listen. Whatever was changed before is a gap. */
export function listenToSignals({ signals, jobs, clock, events }: SignalIntakeOptions): SignalIntake {
	const up = new Set<ChangeSignals>();
	let lastGap = clock.now();
	let next = Promise.withResolvers<void>();

	function addGap(): void {
		lastGap = clock.now();
		next.resolve();
		next = Promise.withResolvers<void>();
	}

	function take({ kind, ids, changedAt }: Signal, { name }: ChangeSignals): void {
		const lost = ids.filter((id) => !jobs.add({ kind, id }, { signal: name, changedAt }));
		if (lost.length === 0) return;
		events.onGap(name);
		addGap();
	}

	const handlerOf = (source: ChangeSignals): SignalHandler => ({
		onSignals(some) {
			for (const signal of some) take(signal, source);
		},
		onGap(since) {
			up.add(source);
			events.onSignalState(source.name, true);
			// The very first connection does not count as a gap.
			if (since !== undefined) events.onGap(source.name);
			addGap();
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

	const ends = signals.map((source) => source.listen(handlerOf(source)));
	// Polls of whole lists miss nothing either.
	const areComplete = signals.some(({ name }) => name === "bus") || signals.every(({ name }) => name === "lists");
	return {
		isComplete: () => areComplete && signals.length > 0 && up.size === signals.length,
		lastGap: () => lastGap,
		nextGap: () => next.promise,
		async close() {
			await Promise.allSettled(ends.map((end) => end()));
		},
	};
}
