/** What the mirror reports about itself, for metrics and the log. */
import type { SignalName } from "../source/remote-source.ts";
import type { ResourceKind } from "../source/resource.ts";

/** Where an answer came from: `refreshed` facts were read again first, `stale` ones could not be. */
export type AnswerOrigin = "mirror" | "refreshed" | "remote" | "stale";

export interface MirrorEvents {
	/** A request of the mirror to the source has ended. */
	onRequest(kind: ResourceKind, seconds: number, failed: boolean): void;
	/** A change that a signal reported is stored, so long after the source made it. */
	onChangeApplied(kind: ResourceKind, signal: SignalName, lagSeconds: number | undefined): void;
	onSignalState(signal: SignalName, isUp: boolean): void;
	onGap(signal: SignalName): void;
	onInvalidSignal(signal: SignalName): void;
	/** A comparison with the source found changes that no signal had reported. */
	onMissedChanges(kind: ResourceKind, ids: readonly string[]): void;
	onAnswer(origin: AnswerOrigin, isFirst: boolean): void;
	onLeading(isLeading: boolean): void;
	/** A line for the log. */
	onLog(level: "info" | "warn", message: string): void;
}

export const noEvents: MirrorEvents = {
	onRequest: () => {},
	onChangeApplied: () => {},
	onSignalState: () => {},
	onGap: () => {},
	onInvalidSignal: () => {},
	onMissedChanges: () => {},
	onAnswer: () => {},
	onLeading: () => {},
	onLog: () => {},
};
