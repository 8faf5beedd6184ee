/** The facts of single instances: from the mirror if they are current there, otherwise from the remote source. */
import { LRUCache } from "lru-cache";
import type { InstanceFacts } from "../instance/facts.ts";
import type { Detail } from "../instance/instance.ts";
import type { RemoteSource } from "../source/remote-source.ts";
import { createAnswerTimes, REMEMBERED } from "./answer-times.ts";
import type { Clock } from "./clock.ts";
import {
	asOf,
	createReadingChecks,
	type DatedReading,
	mayLackNics,
	type ReadingChecksOptions,
} from "./dated-reading.ts";
import type { InstanceReads } from "./instance-reads.ts";
import type { AnswerOrigin, MirrorEvents } from "./mirror-events.ts";
import type { MirrorState } from "./mirror-state.ts";
import type { MirrorStore } from "./mirror-store.ts";
import { hasMissingPort } from "./missing-ports.ts";
import { type InstanceReading, readInstance, withMicroversion } from "./read-instance.ts";
import { createRefreshes } from "./refreshes.ts";
import { createRemoteAnswers } from "./remote-answers.ts";
import type { Unproven } from "./unproven.ts";

export interface MirroredFactsOptions extends ReadingChecksOptions {
	readonly remote: RemoteSource;
	readonly store: MirrorStore;
	readonly instances: InstanceReads;
	readonly clock: Clock;
	readonly events: MirrorEvents;
	/** The age in seconds up to which facts count as current without signals that prove it. */
	readonly freshness: number;
	readonly state: MirrorState;
	readonly unproven: Unproven;
}

export interface MirroredFacts {
	/** See `FactsSource.facts`. */
	find(id: string, detail: Detail, reread: boolean): Promise<InstanceFacts | undefined>;
	/** The facts, if the mirror has them and they are current in this detail. */
	known(id: string, detail: Detail): Promise<InstanceFacts | undefined>;
	/** Whether the last answer is not proven by the signals: the remote source's, or one that could not be read again. */
	answersOtherwise(id: string): boolean;
	/** How many look-ups wait for the remote source. */
	waiting(): number;
	/** Ends what waits. */
	close(): void;
}

export function createMirroredFacts(options: MirroredFactsOptions): MirroredFacts {
	const parts = createParts(options);
	return {
		find: (id, detail, reread) => find(parts, id, detail, reread),
		known: (id, detail) => known(parts, id, detail),
		answersOtherwise: (id) => parts.answerTimes.has(id) || parts.stale.has(id),
		waiting: parts.remoteAnswers.waiting,
		close: parts.refreshes.close,
	};
}

type Parts = ReturnType<typeof createParts>;

function createParts(options: MirroredFactsOptions) {
	const { remote, instances, clock, state } = options;
	const checks = createReadingChecks(options);
	const answerTimes = createAnswerTimes(clock, checks.isDoubtful);

	/** Reads an instance again, as `InstanceReads` does, and remembers since when it was. */
	async function readAgain(id: string, detail: Detail, notBefore: number): Promise<void> {
		const startedAt = clock.now();
		await instances.refresh(id, detail, notBefore);
		answerTimes.setRead(id, detail, startedAt);
	}

	const refreshes = createRefreshes(readAgain, clock, state);
	const remoteAnswers = createRemoteAnswers({
		...{ remote, state, answerTimes },
		read: (id) => readAgain(id, "all", clock.now()),
	});
	/** Instances that have been answered. */
	const answered = new LRUCache<string, true>(REMEMBERED);
	/** Those whose last answer was one that could not be read again. */
	const stale = new LRUCache<string, true>(REMEMBERED);
	return { ...options, ...checks, answerTimes, refreshes, remoteAnswers, answered, stale };
}

/** One look-up, and what the mirror has of the instance. */
interface InstanceLookUp {
	readonly id: string;
	readonly detail: Detail;
	readonly found: DatedReading;
	/** See `AnswerTimes.from`. */
	readonly answeredAt: () => number;
}

async function find(parts: Parts, id: string, detail: Detail, reread: boolean): Promise<InstanceFacts | undefined> {
	const { remote, state, answerTimes } = parts;
	// No later look-up may get the remote source's older copies, even if this one does not need it.
	if (reread) remote.invalidate?.({ kind: "server", ids: [id] });
	const answeredAt = answerTimes.from(id, reread ? parts.clock.now() : 0);
	// While the mirror is filled, guests that all ask need no reading each to learn that.
	const found = state.isListed(parts.keyKinds) ? await read(parts, id).catch(() => undefined) : undefined;
	if (found === undefined || !parts.isComplete(found, detail)) return askRemote(parts, id, detail);
	const lookUp = { id, detail, found, answeredAt };
	const mirrored = parts.isDoubtful(found, detail) ? undefined : await findInMirror(parts, lookUp);
	if (mirrored !== undefined) return answer(parts, id, mirrored.origin, factsOf(parts, mirrored.reading));
	return askRemote(parts, id, detail).catch((error) => {
		if (!mayServeOld(parts, lookUp)) throw error;
		return answer(parts, id, "stale", factsOf(parts, found));
	});
}

interface MirrorAnswer {
	readonly origin: AnswerOrigin;
	readonly reading: DatedReading;
}

/** Reads the instance again if it is not current. Undefined: that was not enough, and what is known can't be served. */
async function findInMirror(parts: Parts, lookUp: InstanceLookUp): Promise<MirrorAnswer | undefined> {
	const { refreshes, answerTimes } = parts;
	const { id, detail, found, answeredAt } = lookUp;
	const lacksPort = await hasMissingPort(parts.store, found);
	const notBefore = Math.max(oldestNow(parts), answeredAt());
	if (!lacksPort && isCurrent(parts, found, lookUp, notBefore)) {
		answerTimes.forget(id, found);
		return { origin: "mirror", reading: found };
	}
	if (!refreshes.hasRoom() && mayServeOld(parts, lookUp) && !lacksPort) {
		refreshes.refreshInBackground(id, detail, notBefore);
		return { origin: "stale", reading: found };
	}
	if (!(await refreshes.refresh(id, detail, notBefore))) {
		return mayServeOld(parts, lookUp) ? { origin: "stale", reading: found } : undefined;
	}
	const again = await read(parts, id).catch(() => found);
	if (!isCurrent(parts, again, lookUp, notBefore)) return undefined;
	answerTimes.forget(id, again);
	return { origin: "refreshed", reading: again };
}

async function askRemote(parts: Parts, id: string, detail: Detail): Promise<InstanceFacts | undefined> {
	return answer(parts, id, "remote", await parts.remoteAnswers.facts(id, detail));
}

function answer<T>({ events, answered, stale }: Parts, id: string, origin: AnswerOrigin, value: T): T {
	events.onAnswer(origin, !answered.has(id));
	answered.set(id, true);
	if (origin === "stale") stale.set(id, true);
	else stale.delete(id);
	return value;
}

async function known(parts: Parts, id: string, detail: Detail): Promise<InstanceFacts | undefined> {
	const answeredAt = parts.answerTimes.from(id, 0);
	const found = await read(parts, id).catch(() => undefined);
	if (found === undefined || (await hasMissingPort(parts.store, found))) return undefined;
	if (!isCurrent(parts, found, { detail, answeredAt }, oldestNow(parts))) return undefined;
	parts.answerTimes.forget(id, found);
	return factsOf(parts, found);
}

async function read({ store, state, unproven, answerTimes, profile }: Parts, id: string): Promise<DatedReading> {
	const { reconciledAt, verifiedAt, unlistedFrom } = state;
	const times = { reconciledAt: reconciledAt(), verifiedAt: verifiedAt(), unlistedFrom: unlistedFrom() };
	const isProven = unproven.checkLater();
	const proof = { ...times, readSince: answerTimes.readSince(id) };
	const found = await readInstance(store, id, { dhcpPorts: profile === "nova" });
	return { ...found, ...proof, ...(!isProven(id, found) && { verifiedAt: Number.NEGATIVE_INFINITY }) };
}

function factsOf({ profile, state }: Parts, { facts }: InstanceReading): InstanceFacts | undefined {
	return facts && withMicroversion(facts, profile === "nova" ? state.novaMicroversion() : undefined);
}

/** When the facts of a new answer were requested at the earliest. */
function oldestNow({ clock, freshness }: Parts): number {
	return clock.now() - freshness * 1000;
}

/** Whether the facts can be answered as they are, if their wiring is not odd. */
function isCurrent(
	{ answerTimes, isComplete, isDoubtful }: Parts,
	reading: DatedReading,
	{ detail, answeredAt }: Pick<InstanceLookUp, "detail" | "answeredAt">,
	notBefore: number,
): boolean {
	return (
		answerTimes.isInOrder(reading, detail, answeredAt()) &&
		isComplete(reading, detail) &&
		!isDoubtful(reading, detail) &&
		asOf(reading, detail) >= notBefore
	);
}

/** Whether the facts can be answered if there are no newer ones. */
function mayServeOld({ answerTimes }: Parts, { found, detail, answeredAt }: InstanceLookUp): boolean {
	return answerTimes.isInOrder(found, detail, answeredAt()) && !mayLackNics(found);
}
