/** A remote source behind its mirror. It answers from the mirror; the remote source is asked for what the mirror lacks. */
import { GuestwireError } from "../errors.ts";
import { SIGNALLED_OWNER_AGE } from "../source/cache-times.ts";
import { assembleOwned, instanceFrom } from "../source/ownership.ts";
import type { RemoteSource } from "../source/remote-source.ts";
import type { ResourceName } from "../source/resource.ts";
import type { Change, FactsSource, InstanceSummary, PortQuery } from "../source/source.ts";
import { withAbort } from "../source/with-abort.ts";
import { changesOf } from "./changes.ts";
import { belongsToOthers } from "./keys.ts";
import { followMirror, type MirrorState } from "./mirror-state.ts";
import type { MirrorStore } from "./mirror-store.ts";
import { createMirroredFacts, type MirroredFactsOptions } from "./mirrored-facts.ts";
import { ownersIn } from "./mirrored-owners.ts";
import { createUnproven } from "./unproven.ts";

export type MirroredSourceOptions = Omit<MirroredFactsOptions, "state" | "keyKinds" | "unproven">;

type Listener = (change: Change) => void;

export interface MirroredSource extends FactsSource {
	readonly state: MirrorState;
	/** Like `onChange`, but also called for what the fill stores while nobody is answered from the mirror yet. */
	onStored(listener: Listener): void;
	/** How many look-ups wait for the remote source. */
	waitingGuests(): number;
}

export async function createMirroredSource(options: MirroredSourceOptions): Promise<MirroredSource> {
	const { remote, store, clock } = options;
	const keyKinds = remote.resources.kinds.filter(belongsToOthers);
	const reports = createReports(remote, store);
	const state = await followMirror({ store, clock, neededKinds: keyKinds, onChange: reports.onChange });
	const unproven = createUnproven(remote.signals, state.unproven);
	const mirrored = createMirroredFacts({ ...options, state, keyKinds, unproven });

	const isRemote = ({ routerId }: PortQuery) => routerId !== undefined && remote.knowsRoutersAlone === true;
	const facts: FactsSource["facts"] = (id, detail, signal, reread = false) =>
		withAbort(mirrored.find(id, detail, reread), signal);
	return {
		state,
		waitingGuests: mirrored.waiting,
		facts,
		instance: instanceFrom(facts),
		async known(id, detail) {
			const current = await mirrored.known(id, detail);
			return current && assembleOwned(current);
		},
		async owners(query, signal) {
			const areKnown = clock.now() - state.verifiedAt() <= SIGNALLED_OWNER_AGE * 1000 && state.isListed(keyKinds);
			const isProven = unproven.ownersLater();
			const found = areKnown && !isRemote(query) ? await ownersIn(store, query).catch(() => undefined) : undefined;
			return found !== undefined && isProven(found) ? found : remote.owners(query, signal);
		},
		async lastKnownOwners(query) {
			if (state.isListed(keyKinds) && !isRemote(query)) return ownersIn(store, query);
			throw new GuestwireError("cloud-unavailable", "the mirror does not have all ports yet");
		},
		verifiedAge(id) {
			const answersOtherwise = id !== undefined && mirrored.answersOtherwise(id);
			if (answersOtherwise || unproven.concerns(id)) return Number.POSITIVE_INFINITY;
			return clock.now() - state.verifiedAt();
		},
		list: (signal) => (state.isListed(["server"]) ? listServers(store) : remote.list(signal)),
		onChange: (listener) => void reports.listeners.push(listener),
		onStored: (listener) => void reports.storedListeners.push(listener),
		async close() {
			mirrored.close();
			await state.close();
			await remote.close();
		},
	};
}

const EVERYTHING: Change = { kind: "everything", ids: [] };

/** Reports what has changed in the mirror: to who listens to all that is stored, and to who is answered from it. */
function createReports(remote: RemoteSource, store: MirrorStore) {
	const [listeners, storedListeners] = [[] as Listener[], [] as Listener[]];
	/** Whether changes have been reported since the mirror could answer. */
	let isAnswering = false;

	function report(change: Change): void {
		remote.invalidate?.(change);
		for (const listener of listeners) listener(change);
	}

	return {
		listeners,
		storedListeners,
		/** See `MirrorStateOptions`. */
		async onChange(changed: readonly ResourceName[] | undefined, isListed: boolean): Promise<void> {
			const changes = changed ? await changesOf(store, changed) : [EVERYTHING];
			for (const change of changes) for (const listener of storedListeners) listener(change);
			// What the fill stores before that does not change what the remote source has answered.
			if (isListed) for (const change of isAnswering ? changes : [EVERYTHING]) report(change);
			isAnswering = isListed;
		},
	};
}

/** Every server that the mirror has. */
export async function listServers(store: Pick<MirrorStore, "servers">): Promise<InstanceSummary[]> {
	const all: InstanceSummary[] = [];
	for await (const page of store.servers()) all.push(...page);
	return all;
}
