/**
 * `node test/simulation/day.ts NODES [HOURS]`: a day of a cloud that changes about once a minute, with the default
 * intervals, and guests who ask nodes with two workers each. Prints as JSON what that costs the cloud.
 */
import { mock } from "node:test";
import { setImmediate } from "node:timers/promises";
import { isDeepStrictEqual } from "node:util";
import type { ServerFacts } from "../../src/instance/facts.ts";
import { restAfter } from "../../src/source/api/poll.ts";
import type { InstanceCache } from "../../src/source/instance-cache.ts";
import { assembleOwned } from "../../src/source/ownership.ts";
import type { ChangeSignals, RemoteSource, SignalName } from "../../src/source/remote-source.ts";
import { createMemoryDatabase } from "./memory-store.ts";
import { createModelCloud } from "./model-cloud.ts";
import { announce, noSignalFaults } from "./model-signals.ts";
import { createModelSource, modelFacts } from "./model-source.ts";
import { byAddress, type LockState, startNode } from "./node.ts";
import { createRandom, createScheduler, type Process } from "./scheduler.ts";
import { startWorkers } from "./workers.ts";

export interface Day {
	/** Calls to the APIs, polls aside. */
	readonly calls: number;
	/** Calls that look for changes at regular intervals. */
	readonly polls: number;
	readonly changes: number;
	/** Guests' requests. */
	readonly requests: number;
	/** Requests whose answers were compared with the cloud: nothing had changed lately. */
	readonly compared: number;
	/** Answers that were not the cloud's. */
	readonly wrong: readonly string[];
}

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
/** Workers' timers, changes and requests come at any of these steps. Milliseconds. */
const STEP = 250;
/** The mirror is filled within this time. Milliseconds. */
const FILL = 10 * MINUTE;
const WORKERS = 2;
/** How large the cloud is. The day leaves ports behind that no server has. */
const SIZE = { mostServers: 40, hosts: 240 };
const FIRST_CHANGES = 200;
/** The defaults in seconds, as src/cli/source.ts divides `freshness` between the mirror and the caches. */
const INTERVALS = { sweepSeconds: 600, pollSeconds: 2, freshness: 5, maxAge: 8 };
const WORKER_AGES = { maxAge: 2, sourceAge: 2 };
/** From a change until every guest sees it. Milliseconds. */
const SEEN = 5000;
/** A new guest's first requests. Milliseconds. */
const BOOT = 10_000;
const BOOT_REQUESTS = 4;
/** The share of requests by servers that may be deleted, and of those that come with an address only. */
const OLD = 0.05;
const BY_ADDRESS = 0.25;
/** How long a poll takes. Milliseconds. */
const POLL_TIME = 20;

/** One day, or part of it. The cloud changes in the same way at the same times, however many nodes there are. */
async function simulateDay(nodes: number, hours: number): Promise<Day> {
	const scheduler = createScheduler(1);
	const random = createRandom(2);
	const world: Process = { name: "world", isAlive: true };
	const database = createMemoryDatabase();
	const lock: LockState = { unaware: new Set() };
	const signals = noSignalFaults();
	const caches: InstanceCache[] = [];
	const ids = new Set<string>();
	const counts = { calls: 0, polls: 0, changes: 0, requests: 0, compared: 0 };
	const wrong: string[] = [];
	let changedAt = scheduler.now();
	// What the caches and the workers' messages know of time.
	mock.timers.enable({ apis: ["setInterval", "setTimeout", "Date"], now: scheduler.now() });
	performance.now = Date.now;

	const cloud = createModelCloud({
		...{ random: createRandom(3), now: scheduler.now, note: () => {}, onReuse: () => {}, ...SIZE },
		onChange(kind, id, payload) {
			changedAt = scheduler.now();
			announce(signals, { kind, ids: [id], changedAt, payload: payload ?? null });
			if (kind === "server" && caches.length > 0 && !ids.has(id)) boot(id);
		},
	});

	/** Finds nothing: the bus has reported everything. */
	const createPoll = (name: SignalName, neededFor: ChangeSignals["neededFor"], process: Process): ChangeSignals => ({
		name,
		neededFor,
		listen(handler) {
			const stop = new AbortController();
			const run = async () => {
				for (let isFirst = true; ; isFirst = false) {
					counts.polls++;
					await scheduler.after(POLL_TIME, process, stop.signal);
					if (isFirst) handler.onGap(undefined);
					await scheduler.after(restAfter(POLL_TIME, INTERVALS.pollSeconds * 1000), process, stop.signal);
				}
			};
			run().catch(() => {}); // it was ended
			return async () => stop.abort();
		},
	});

	function remoteOf(process: Process): RemoteSource {
		const onCalls = (count: number) => {
			counts.calls += count;
		};
		const api = {
			isDown: false,
			errors: 0,
			oddAnswers: 0,
			slowness: 0.02,
			hidesMembers: false,
			unreadable: new Set<string>(),
		};
		const remote = createModelSource({ cloud, scheduler, process, api, signals, hasBus: true, onCalls });
		const polls = [createPoll("changes-since", [], process), createPoll("trunk-revisions", ["trunk"], process)];
		return { ...remote, signals: [...remote.signals, ...polls] };
	}

	async function start(name: string): Promise<void> {
		const process: Process = { name, isAlive: true };
		const faults = { isDown: false, errors: 0, slowness: 0, givesLockTwice: false };
		const parts = { scheduler, process, database, faults, lock, remote: remoteOf(process), events: {} };
		const starting = startNode({ ...parts, ...INTERVALS });
		await pass(STEP);
		const node = await starting;
		caches.push(...startWorkers({ node, count: WORKERS, clock: scheduler.clockOf(process), ...WORKER_AGES }));
	}

	function boot(id: string): void {
		ids.add(id);
		void scheduler.after(BOOT, world).then(() => {
			for (let count = 0; count < BOOT_REQUESTS; count++) void ask(id);
		});
	}

	/** A request to any worker. */
	async function ask(id: string): Promise<void> {
		counts.requests++;
		const cache = random.pick(caches);
		const server = cloud.get("server", id)?.content as ServerFacts | undefined;
		const address = random.chance(BY_ADDRESS) ? Object.values(server?.addresses ?? {}).flat()[0]?.addr : undefined;
		const lastChange = changedAt;
		const isSettled = scheduler.now() - lastChange >= SEEN;
		const answer = address === undefined ? cache.get(id, "all") : byAddress(cache, address, true);
		const found = await Promise.resolve(answer).catch((error: Error) => error.message);
		if (!isSettled || changedAt !== lastChange) return;
		counts.compared++;
		const facts = modelFacts(cloud, id);
		// A worker gets copies.
		const expected = structuredClone(facts && assembleOwned(facts));
		if (isDeepStrictEqual(found, expected)) return;
		wrong.push(`${id} at ${scheduler.now()}: ${JSON.stringify(found)} instead of ${JSON.stringify(expected)}`);
	}

	/** Lets time pass. */
	async function pass(milliseconds: number, then: () => void = () => {}): Promise<void> {
		for (let at = 0; at < milliseconds; at += STEP) {
			await scheduler.advance(STEP, () => {});
			mock.timers.tick(STEP);
			then();
			// What is no longer needed is only collected between two turns of the event loop.
			if (at % MINUTE === 0) await setImmediate();
		}
	}

	for (let count = 0; count < FIRST_CHANGES; count++) cloud.change();
	for (let node = 0; node < nodes; node++) await start(`node ${node}`);
	await pass(FILL);
	for (const id of cloud.ids("server")) ids.add(id);
	await pass(hours * HOUR, () => {
		if (random.chance(STEP / MINUTE)) {
			counts.changes++;
			cloud.change();
		}
		// Each guest asks about once a minute.
		if (!random.chance((STEP * SIZE.mostServers) / MINUTE)) return;
		void ask(random.pick(random.chance(OLD) ? [...ids] : cloud.ids("server")));
	});
	return { ...counts, wrong };
}

console.log(JSON.stringify(await simulateDay(Number(process.argv[2]), Number(process.argv[3] ?? 24))));
