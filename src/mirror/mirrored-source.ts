/** A remote source behind its mirror. It answers from the mirror; the remote source is asked for what the mirror lacks. */
import { LRUCache } from "lru-cache";
import { GuestwireError } from "../errors.ts";
import type { InstanceFacts } from "../instance/facts.ts";
import type { Detail } from "../instance/instance.ts";
import type { Profile } from "../instance/profile.ts";
import { SIGNALLED_OWNER_AGE } from "../source/cache-times.ts";
import { assembleOwned, instanceFrom } from "../source/ownership.ts";
import type { RemoteSource } from "../source/remote-source.ts";
import type { Change, FactsSource, InstanceSummary, PortQuery } from "../source/source.ts";
import { withAbort } from "../source/with-abort.ts";
import { createAnswerTimes, REMEMBERED } from "./answer-times.ts";
import { changesOf } from "./changes.ts";
import type { Clock } from "./clock.ts";
import { asOf, createReadingChecks, type DatedReading, mayLackNics } from "./dated-reading.ts";
import type { InstanceReads } from "./instance-reads.ts";
import { belongsToOthers } from "./keys.ts";
import type { AnswerOrigin, MirrorEvents } from "./mirror-events.ts";
import { followMirror, type MirrorState } from "./mirror-state.ts";
import type { MirrorStore } from "./mirror-store.ts";
import { ownersIn } from "./mirrored-owners.ts";
import { hasMissingPort } from "./missing-ports.ts";
import { type InstanceReading, readInstance, withMicroversion } from "./read-instance.ts";
import { createRefreshes } from "./refreshes.ts";
import { createUnproven } from "./unproven.ts";

export interface MirroredSourceOptions {
	readonly remote: RemoteSource;
	readonly store: MirrorStore;
	readonly instances: InstanceReads;
	readonly clock: Clock;
	readonly events: MirrorEvents;
	/** The age in seconds up to which facts count as current without signals that prove it. */
	readonly freshness: number;
	/** Whether the mirror has servers' user data. */
	readonly userData: boolean;
	/** `nova` has Nova's microversion and the ports of DHCP servers. */
	readonly profile: Profile;
	/** Resources whose records this process could not read lately, as `textOfName` writes them. */
	readonly doubtful: () => ReadonlySet<string>;
}

const EVERYTHING: Change = { kind: "everything", ids: [] };

type Listener = (change: Change) => void;

export interface MirroredSource extends FactsSource {
	readonly state: MirrorState;
	/** Like `onChange`, but also called for what the fill stores while nobody is answered from the mirror yet. */
	onStored(listener: Listener): void;
	/** How many look-ups wait for the remote source. */
	waitingGuests(): number;
}

/** Instances that are read for the first time while their guests are answered by the remote source. */
const MOST_PREPARED = 200;

export async function createMirroredSource(options: MirroredSourceOptions): Promise<MirroredSource> {
	const { remote, store, instances, clock, events } = options;
	const reading = { dhcpPorts: options.profile === "nova" };
	const [listeners, storedListeners] = [[] as Listener[], [] as Listener[]];
	const answered = new LRUCache<string, true>(REMEMBERED);
	/** Instances whose last answer was one that could not be read again: the signals don't prove it. */
	const stale = new LRUCache<string, true>(REMEMBERED);
	const preparing = new Set<string>();
	let asking = 0;
	const keyKinds = remote.resources.kinds.filter(belongsToOthers);
	const unproven = createUnproven(remote.signals, () => state.unproven());

	const report = (change: Change) => {
		remote.invalidate?.(change);
		for (const listener of listeners) listener(change);
	};
	/** Whether changes have been reported since the mirror could answer. */
	let isAnswering = false;
	const state = await followMirror({
		store,
		clock,
		neededKinds: keyKinds,
		async onChange(changed, isListed) {
			const changes = changed ? await changesOf(store, changed) : [EVERYTHING];
			for (const change of changes) for (const listener of storedListeners) listener(change);
			// What the fill stores before that does not change what the remote source has answered.
			if (isListed) for (const change of isAnswering ? changes : [EVERYTHING]) report(change);
			isAnswering = isListed;
		},
	});

	const { isComplete, isDoubtful } = createReadingChecks({ ...options, state, keyKinds });
	const answerTimes = createAnswerTimes(clock, isDoubtful);
	const refreshes = createRefreshes(readAgain, clock, state);

	function answer<T>(id: string, origin: AnswerOrigin, value: T): T {
		events.onAnswer(origin, !answered.has(id));
		answered.set(id, true);
		if (origin === "stale") stale.set(id, true);
		else stale.delete(id);
		return value;
	}

	/** Reads an instance again, as `InstanceReads` does, and remembers it. */
	async function readAgain(id: string, detail: Detail, notBefore: number): Promise<void> {
		const startedAt = clock.now();
		await instances.refresh(id, detail, notBefore);
		answerTimes.setRead(id, detail, startedAt);
	}

	function factsOf({ facts }: InstanceReading): InstanceFacts | undefined {
		return facts && withMicroversion(facts, options.profile === "nova" ? state.novaMicroversion() : undefined);
	}

	async function askRemote(id: string, detail: Detail): Promise<InstanceFacts | undefined> {
		asking++;
		const found = await remote.facts(id, detail).finally(() => void asking--);
		// The answer shows some moment before it came.
		answerTimes.set(id);
		if (found !== undefined) prepare(id);
		return answer(id, "remote", found);
	}

	/** Reads the instance in the background, so that the mirror has it next time. The first fill reads everything anyway. */
	function prepare(id: string): void {
		if (!state.isFilled() || preparing.has(id) || preparing.size >= MOST_PREPARED) return;
		preparing.add(id);
		readAgain(id, "all", clock.now())
			.catch(() => {})
			.finally(() => preparing.delete(id));
	}

	async function read(id: string): Promise<DatedReading> {
		const { reconciledAt, verifiedAt, unlistedFrom } = state;
		const times = { reconciledAt: reconciledAt(), verifiedAt: verifiedAt(), unlistedFrom: unlistedFrom() };
		const isProven = unproven.checkLater();
		const proof = { ...times, readSince: answerTimes.readSince(id) };
		const found = await readInstance(store, id, reading);
		return { ...found, ...proof, ...(!isProven(id, found) && { verifiedAt: Number.NEGATIVE_INFINITY }) };
	}

	/** When the facts of a new answer were requested at the earliest. */
	const oldestNow = () => clock.now() - options.freshness * 1000;

	/** Whether the facts can be answered as they are, if their wiring is not odd. */
	const isCurrent = (found: DatedReading, detail: Detail, notBefore: number, answeredAt: number) =>
		answerTimes.isInOrder(found, detail, answeredAt) &&
		isComplete(found, detail) &&
		!isDoubtful(found, detail) &&
		asOf(found, detail) >= notBefore;

	async function find(id: string, detail: Detail, reread: boolean): Promise<InstanceFacts | undefined> {
		// No later look-up may get the remote source's older copies, even if this one does not need it.
		if (reread) remote.invalidate?.({ kind: "server", ids: [id] });
		const answeredAt = answerTimes.from(id, reread ? clock.now() : 0);
		// While the mirror is filled, guests that all ask need no reading each to learn that.
		const found = state.isListed(keyKinds) ? await read(id).catch(() => undefined) : undefined;
		if (found === undefined || !isComplete(found, detail)) return askRemote(id, detail);
		const mayServeOld = () => answerTimes.isInOrder(found, detail, answeredAt()) && !mayLackNics(found);
		if (!isDoubtful(found, detail)) {
			const lacksPort = await hasMissingPort(store, found);
			const notBefore = Math.max(oldestNow(), answeredAt());
			if (!lacksPort && isCurrent(found, detail, notBefore, answeredAt())) {
				answerTimes.forget(id, found);
				return answer(id, "mirror", factsOf(found));
			}
			if (!refreshes.hasRoom() && mayServeOld() && !lacksPort) {
				refreshes.refreshInBackground(id, detail, notBefore);
				return answer(id, "stale", factsOf(found));
			}
			if (await refreshes.refresh(id, detail, notBefore)) {
				const again = await read(id).catch(() => found);
				if (isCurrent(again, detail, notBefore, answeredAt())) {
					answerTimes.forget(id, again);
					return answer(id, "refreshed", factsOf(again));
				}
			} else if (mayServeOld()) return answer(id, "stale", factsOf(found));
		}
		return askRemote(id, detail).catch((error) => {
			if (!mayServeOld()) throw error;
			return answer(id, "stale", factsOf(found));
		});
	}

	const isRemote = ({ routerId }: PortQuery) => routerId !== undefined && remote.knowsRoutersAlone === true;
	const facts: FactsSource["facts"] = (id, detail, signal, reread = false) => withAbort(find(id, detail, reread), signal);
	return {
		state,
		waitingGuests: () => asking,
		facts,
		instance: instanceFrom(facts),
		async known(id) {
			const answeredAt = answerTimes.from(id, 0);
			const found = await read(id).catch(() => undefined);
			if (found === undefined || (await hasMissingPort(store, found))) return undefined;
			if (!isCurrent(found, "all", oldestNow(), answeredAt())) return undefined;
			answerTimes.forget(id, found);
			const current = factsOf(found);
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
			const answersOtherwise = id !== undefined && (answerTimes.has(id) || stale.has(id));
			if (answersOtherwise || unproven.concerns(id)) return Number.POSITIVE_INFINITY;
			return clock.now() - state.verifiedAt();
		},
		list: (signal) => (state.isListed(["server"]) ? listServers(store) : remote.list(signal)),
		onChange: (listener) => void listeners.push(listener),
		onStored: (listener) => void storedListeners.push(listener),
		async close() {
			refreshes.close();
			await state.close();
			await remote.close();
		},
	};
}

/** Every server that the mirror has. */
export async function listServers(store: Pick<MirrorStore, "servers">): Promise<InstanceSummary[]> {
	const all: InstanceSummary[] = [];
	for await (const page of store.servers()) all.push(...page);
	return all;
}
