/** The cloud, the database and the nodes of one run, and what can happen to them. */
import { SENDERS } from "../../src/source/openstack/bus-senders.ts";
import type { ResourceKind } from "../../src/source/resource.ts";
import { createMemoryDatabase, type MemoryDatabase } from "./memory-store.ts";
import { createModelCloud, type ModelCloud } from "./model-cloud.ts";
import { announce, noSignalFaults } from "./model-signals.ts";
import { type ApiFaults, createModelSource } from "./model-source.ts";
import { type DatabaseFaults, type LockState, type Node, startNode } from "./node.ts";
import type { Process, Scheduler } from "./scheduler.ts";

export interface World {
	readonly scheduler: Scheduler;
	readonly cloud: ModelCloud;
	readonly database: MemoryDatabase;
	readonly api: ApiFaults;
	readonly violations: readonly string[];
	/** `kind id` of what nodes have counted as missed. */
	readonly missed: string[];
	/** See SignalFaults. */
	readonly lost: Set<string>;
	readonly hasBus: boolean;
	/** Every id that a server has had. */
	readonly serverIds: ReadonlySet<string>;
	start(): void;
	anyNode(): Node | undefined;
	/** One random fault begins or ends. */
	trouble(): void;
	/** All faults end, and all nodes run. */
	makePeace(): void;
	/** Whether every message gets lost from now on, or none. */
	muteSignals(isMute: boolean): void;
	/** The clocks of all nodes are ahead by this many milliseconds. */
	setClocks(ahead: number): void;
	/** Every service sends a message that names nothing. */
	greet(): void;
	/** The broker goes away or comes back. */
	setBus(isDown: boolean): void;
	/** All nodes are killed, and one starts. */
	restart(): Promise<Node>;
	end(): void;
}

/** Seconds. */
const SWEEP = 8;
const FRESHNESS = 15;
const INITIAL_CHANGES = 12;

export function createWorld(scheduler: Scheduler): World {
	const { random, note } = scheduler;
	const database = createMemoryDatabase();
	const lock: LockState = { unaware: new Set() };
	const api: ApiFaults = {
		isDown: false,
		errors: 0,
		oddAnswers: 0,
		slowness: 0.02,
		hidesMembers: false,
		unreadable: new Set(),
	};
	const signals = noSignalFaults();
	const faults: DatabaseFaults = { isDown: false, errors: 0, slowness: 0.05, givesLockTwice: false };
	const hasBus = random.chance(0.8);
	const violations: string[] = [];
	const missed: string[] = [];
	const serverIds = new Set<string>();
	/** Those that have started, and all that are not dead. */
	const nodes = new Map<string, Node>();
	const running = new Map<string, Process>();
	const processes: Process[] = [];

	const cloud: ModelCloud = createModelCloud({
		random,
		note,
		now: scheduler.now,
		onReuse: () => scheduler.count("address reused by another tenant"),
		onChange(kind, id, payload) {
			note(`  ${kind} ${id} changes`);
			if (kind === "server") serverIds.add(id);
			announce(signals, { kind, ids: [id], changedAt: scheduler.now(), payload: payload ?? null });
		},
	});

	async function startOne(name: string): Promise<Node> {
		const process: Process = { name: `${name}.${processes.length}`, isAlive: true };
		processes.push(process);
		running.set(name, process);
		note(`${process.name} starts`);
		const remote = createModelSource({ cloud, scheduler, process, api, signals, hasBus });
		const onMissedChanges = (kind: ResourceKind, ids: readonly string[]) => {
			note(`${process.name} missed ${kind} ${ids}`);
			missed.push(...ids.map((id) => `${kind} ${id}`));
			// What has no listing may have been read by another node before the signal's own reading.
			if (kind === "server_details" || kind === "keypair") return;
			const wrong = ids.filter((id) => !signals.lost.has(`${kind} ${id}`));
			if (wrong.length > 0) violations.push(`${kind} ${wrong} counted as missed, but no signal was lost`);
		};
		const onLog = (level: string, message: string) => note(`${process.name} ${level}: ${message}`);
		const node = await startNode({
			...{ scheduler, process, database, faults, lock, remote, sweepSeconds: SWEEP, freshness: FRESHNESS },
			events: { onMissedChanges, onLog },
		});
		if (process.isAlive) nodes.set(name, node);
		return node;
	}

	function kill(name: string): void {
		const process = running.get(name);
		if (process === undefined) return;
		note(`${process.name} is killed`);
		scheduler.count(lock.holder?.process === process ? "watcher killed" : "node killed");
		process.isAlive = false;
		running.delete(name);
		nodes.delete(name);
	}

	const setBus = (isDown: boolean) => {
		signals.isDown = isDown;
		for (const connection of [...signals.connections]) {
			if (isDown) connection.goDown();
			else connection.comeBack();
		}
	};

	const TROUBLES: readonly (readonly [name: string, happen: () => unknown])[] = [
		["the API goes away for a while", () => forAWhile((isOver) => Object.assign(api, { isDown: !isOver }))],
		["the API fails at times", () => Object.assign(api, { errors: random.pick([0, 0.1, 0.4]) })],
		["the API answers oddly at times", () => Object.assign(api, { oddAnswers: random.pick([0, 0.05, 0.2]) })],
		["the API is slow at times", () => Object.assign(api, { slowness: random.pick([0.02, 0.2, 0.5]) })],
		["the user's rights change", () => Object.assign(api, { hidesMembers: !api.hidesMembers })],
		["a record can't be read", spoil],
		["all records can be read again", () => api.unreadable.clear()],
		["messages get lost", () => Object.assign(signals, { loss: random.pick([0, 0.1, 0.5]) })],
		["messages are repeated", () => Object.assign(signals, { duplicates: random.pick([0, 0.3]) })],
		["messages are late", () => Object.assign(signals, { latency: random.pick([20, 300, 1500]) })],
		["the broker goes away for a while", () => forAWhile((isOver) => setBus(!isOver))],
		["messages are forged", forge],
		["the database goes away for a while", () => forAWhile((isOver) => Object.assign(faults, { isDown: !isOver }))],
		["the database fails at times", () => Object.assign(faults, { errors: random.pick([0, 0.1, 0.3]) })],
		["the database is slow at times", () => Object.assign(faults, { slowness: random.pick([0.05, 0.5]) })],
		["the lock is given twice", () => Object.assign(faults, { givesLockTwice: !faults.givesLockTwice })],
		["a node dies", () => kill(random.pick(["a", "b"]))],
		["dead nodes start", startDead],
	];

	/** All processes may be dead: the time is the world's. */
	const worldProcess: Process = { name: "world", isAlive: true };
	function forAWhile(set: (isOver: boolean) => unknown): void {
		set(false);
		void scheduler.after(200 + random.below(5000), worldProcess).then(() => set(true));
	}

	function startDead(): void {
		for (const name of ["a", "b"]) if (!running.has(name)) void startOne(name);
	}

	function spoil(): void {
		const kind = random.pick(["server", "port", "network", "subnet"] as const);
		const ids = cloud.ids(kind);
		if (ids.length > 0) api.unreadable.add(`${kind} ${random.pick(ids)}`);
	}

	function forge(): void {
		const kind = random.pick(["server", "port", "network", "trunk", "keypair"] as const);
		const ids = [...cloud.ids(kind), "no-such-thing", "'; drop table mirror_keys; --"];
		for (const connection of signals.connections) {
			const payload = cloud.all(kind).at(-1);
			connection.receive({ kind, ids: [random.pick(ids), random.pick(ids)], changedAt: Number.NaN, payload }, true);
		}
	}

	return {
		...{ scheduler, cloud, database, api, violations, missed, lost: signals.lost, serverIds, hasBus },
		start() {
			for (let count = 0; count < INITIAL_CHANGES; count++) cloud.change();
			void startOne("a");
			if (random.chance(0.6)) void startOne("b");
		},
		anyNode: () => (nodes.size === 0 ? undefined : random.pick([...nodes.values()])),
		trouble() {
			const [name, happen] = random.pick(TROUBLES);
			note(`trouble: ${name}`);
			happen();
		},
		makePeace() {
			Object.assign(api, { isDown: false, errors: 0, oddAnswers: 0, slowness: 0, hidesMembers: false });
			Object.assign(signals, { loss: 0, duplicates: 0, latency: 20 });
			Object.assign(faults, { isDown: false, errors: 0, slowness: 0, givesLockTwice: false });
			api.unreadable.clear();
			for (const lost of lock.unaware) lost.abort(new Error("the lock was given to another process"));
			lock.unaware.clear();
			if (signals.isDown) setBus(false);
			startDead();
		},
		muteSignals: (isMute) => void Object.assign(signals, { loss: isMute ? 1 : 0 }),
		setClocks(ahead) {
			note(`all clocks are ahead by ${ahead} ms`);
			for (const process of processes) process.ahead = ahead;
		},
		greet() {
			for (const connection of signals.connections) for (const sender of SENDERS) connection.greet(sender);
		},
		setBus,
		async restart() {
			kill("a");
			kill("b");
			return startOne("c");
		},
		end() {
			for (const process of processes) process.isAlive = false;
		},
	};
}
