/** A mirror in front of a remote source: the source that answers, and the watcher that keeps it current. */
import type { Profile } from "../instance/profile.ts";
import type { RemoteSource } from "../source/remote-source.ts";
import type { FactsSource } from "../source/source.ts";
import { type Clock, systemClock } from "./clock.ts";
import { createDoubts } from "./doubts.ts";
import { createInstanceReads } from "./instance-reads.ts";
import { meterReader } from "./metered-reader.ts";
import { type MirrorEvents, noEvents } from "./mirror-events.ts";
import type { MirrorState } from "./mirror-state.ts";
import type { MirrorStore } from "./mirror-store.ts";
import { createMirroredSource, type MirroredSource } from "./mirrored-source.ts";
import { createResourceReads } from "./resource-reads.ts";
import { startWatcher } from "./watcher.ts";

export interface MirrorOptions {
	readonly store: MirrorStore;
	/** The age in seconds up to which facts count as current without signals that prove it. */
	readonly freshness: number;
	/** Whether the store keeps servers' user data. */
	readonly userData: boolean;
	readonly profile: Profile;
	/** Seconds between two comparisons of everything with the source. */
	readonly sweepSeconds: number;
	/** Seconds between two looks of signals that poll. */
	readonly pollSeconds: number;
	readonly clock?: Clock;
	readonly events?: MirrorEvents;
}

export interface Mirror {
	/** Answers from the mirror. Closing it ends the watcher, and closes the remote source. */
	readonly source: FactsSource & Pick<MirroredSource, "onStored">;
	readonly state: MirrorState;
}

/** Starts the watcher, and waits for nothing that depends on the source. */
export async function openMirror(remote: RemoteSource, options: MirrorOptions): Promise<Mirror> {
	const { store, clock = systemClock, events = noEvents } = options;
	const closing = new AbortController();
	const reader = meterReader(remote.resources, clock, events);
	const doubts = createDoubts(clock.now);
	const onUnreadable = ({ kind, id, reason }: { kind: string; id: string; reason: string }) =>
		events.onLog("warn", `${kind} ${id} can't be read: ${reason}`);
	const reads = createResourceReads({ reader, store, clock, signal: closing.signal, doubts, onUnreadable });
	const instances = createInstanceReads(reads, store, { dhcpPorts: options.profile === "nova" });
	const common = { ...options, clock, events, instances };
	const { state, waitingGuests, ...source } = await createMirroredSource({
		...common,
		remote,
		doubtful: doubts.texts,
	});
	const watcher = startWatcher({ ...common, remote: { ...remote, resources: reader }, reads, doubts, waitingGuests });
	return {
		state,
		source: {
			...source,
			async close() {
				await watcher.close();
				closing.abort(new Error("the mirror is closing"));
				await source.close();
			},
		},
	};
}
