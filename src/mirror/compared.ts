/** Which kinds of resources were compared with the source, and when. */
import type { ResourceKind } from "../source/resource.ts";
import type { Clock } from "./clock.ts";
import type { SignalIntake } from "./signal-intake.ts";

export interface Compared {
	/** When the oldest of the readings started that the mirror's kinds are from, in milliseconds since 1970. */
	since(): number;
	/** The kinds of which changes may have been lost since they were read. */
	uncertain(): readonly ResourceKind[];
	/** A reading of a kind starts. The result is called once the mirror has all of it. */
	start(kind: ResourceKind): () => void;
}

interface Reading {
	readonly startedAt: number;
	/** See `SignalIntake.gapsOf`. */
	readonly gaps: number;
}

export function createCompared(
	kinds: readonly ResourceKind[],
	intake: Pick<SignalIntake, "gapsOf">,
	clock: Clock,
): Compared {
	const readings = new Map<ResourceKind, Reading>();
	const startOf = (kind: ResourceKind) => readings.get(kind)?.startedAt ?? Number.NEGATIVE_INFINITY;
	return {
		since: () => Math.min(...kinds.map(startOf)),
		uncertain: () => kinds.filter((kind) => readings.get(kind)?.gaps !== intake.gapsOf(kind)),
		start(kind) {
			const reading = { startedAt: clock.now(), gaps: intake.gapsOf(kind) };
			return () => void readings.set(kind, reading);
		},
	};
}
