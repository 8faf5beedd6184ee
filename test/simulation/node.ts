/** One process of Guestwire in the simulation: the real mirror and cache over the model's cloud and database. */
import { GuestwireError } from "../../src/errors.ts";
import { andThen } from "../../src/http/guest/and-then.ts";
import { findOwner } from "../../src/http/guest/identity/port-owner.ts";
import { createInstanceLoader } from "../../src/http/guest/load-instance.ts";
import type { Detail, Instance } from "../../src/instance/instance.ts";
import { type MirrorEvents, noEvents } from "../../src/mirror/mirror-events.ts";
import { openMirror } from "../../src/mirror/open-mirror.ts";
import { createInstanceCache, type InstanceCache } from "../../src/source/instance-cache.ts";
import type { RemoteSource } from "../../src/source/remote-source.ts";
import type { FactsSource } from "../../src/source/source.ts";
import type { Lock } from "../../src/store/database.ts";
import { type Access, type MemoryDatabase, openMemoryStore } from "./memory-store.ts";
import type { Process, Scheduler } from "./scheduler.ts";

export interface DatabaseFaults {
	isDown: boolean;
	/** Probabilities of an operation. */
	errors: number;
	slowness: number;
	/** Whether the lock is given to a second process. */
	givesLockTwice: boolean;
}

/** Who holds the lock of the database. */
export interface LockState {
	holder?: { readonly process: Process; readonly lost: AbortController };
	/** Who held it when it was given twice, and has not noticed. */
	readonly unaware: Set<AbortController>;
}

export interface Node {
	readonly process: Process;
	/** As a request with this id. */
	byId(id: string, detail: Detail): Promise<Instance | undefined>;
	/** As what the service does before a guest asks. */
	prepare(id: string, detail: Detail): Promise<Instance | undefined>;
	/** As a request from this address. Undefined: refused. */
	byAddress(address: string, isPrivate: boolean): Promise<Instance | undefined>;
	/** What it answers from, and the mirror behind it. */
	readonly instances: InstanceCache;
	readonly source: FactsSource;
	close(): Promise<void>;
}

export interface NodeOptions {
	readonly scheduler: Scheduler;
	readonly process: Process;
	readonly database: MemoryDatabase;
	readonly faults: DatabaseFaults;
	readonly lock: LockState;
	readonly remote: RemoteSource;
	readonly events: Partial<MirrorEvents>;
	readonly sweepSeconds: number;
	/** Seconds between two looks of signals that poll. Default: there are none. */
	readonly pollSeconds?: number;
	/** Of the mirror. */
	readonly freshness: number;
	/** For how long answers are cached, in seconds. Default: `freshness`. */
	readonly maxAge?: number;
}

export async function startNode(options: NodeOptions): Promise<Node> {
	const { scheduler, process, remote, sweepSeconds, pollSeconds = 0, freshness, maxAge = freshness } = options;
	const clock = scheduler.clockOf(process);
	const store = openMemoryStore(options.database, accessOf(options));
	const { source } = await openMirror(remote, {
		...{ store, freshness, userData: true, profile: "full", sweepSeconds, pollSeconds },
		...{ clock, events: { ...noEvents, ...options.events } },
	});
	const wait = (milliseconds: number, signal: AbortSignal) => clock.sleep(milliseconds, signal);
	// Room for many absences takes longer to set up than a short run.
	const bounds = { maxBytes: 1_000_000, maxAbsent: 50 };
	const instances = createInstanceCache(source, { ...bounds, maxAge, now: clock.now, wait });
	return {
		process,
		byId: async (id, detail) => instances.get(id, detail),
		prepare: instances.prepare,
		byAddress: (address, isPrivate) => byAddress(instances, address, isPrivate),
		...{ instances, source },
		close: () => instances.close(),
	};
}

/** @param isPrivate as `InstanceCache.owners`' */
export async function byAddress(
	instances: InstanceCache,
	address: string,
	isPrivate: boolean,
): Promise<Instance | undefined> {
	const lookup = { owners: instances.owners };
	const network = `net-${address.split(".")[2]}`;
	const found = await andThen(findOwner(lookup, [{ address, networkId: network }], isPrivate), (identified) =>
		"reason" in identified ? undefined : createInstanceLoader(instances)(identified, isPrivate ? "all" : "wiring"),
	);
	return found === undefined || "reason" in found ? undefined : found;
}

/** How long the database keeps the lock of a dead process, and how often those who wait for it look. Milliseconds. */
const LOCK_AGE = 3000;
const LOCK_INTERVAL = 200;

function accessOf({ scheduler, process, faults, lock }: NodeOptions): Access {
	const { random } = scheduler;
	const fail = (name: string) => new GuestwireError("state", `the model database fails: ${name}`);
	return {
		now: scheduler.clockOf(process).now,
		async run(name, operation) {
			if (random.chance(faults.slowness)) {
				scheduler.count("database slow");
				await scheduler.after(1 + random.below(200), process);
			}
			if (faults.isDown || random.chance(faults.errors)) {
				const isWrite = ["apply", "setMeta", "purge"].includes(name);
				scheduler.count(faults.isDown ? "database away" : isWrite ? "database write failed" : "database read failed");
				throw fail(name);
			}
			const result = operation();
			if (random.chance(faults.errors)) {
				scheduler.count("database answer lost");
				throw fail(`${name} was done, but the answer is lost`);
			}
			return result;
		},
		async lead(signal) {
			for (;;) {
				const { holder } = lock;
				if (holder !== undefined && !holder.process.isAlive) {
					await scheduler.after(LOCK_AGE, process, signal);
					if (lock.holder === holder) delete lock.holder;
				}
				if (lock.holder === undefined) break;
				if (faults.givesLockTwice && lock.holder.process !== process) {
					if (lock.holder.process.isAlive) scheduler.count("two leaders");
					lock.unaware.add(lock.holder.lost);
					break;
				}
				await scheduler.after(LOCK_INTERVAL, process, signal);
			}
			return take(lock, process);
		},
	};
}

function take(lock: LockState, process: Process): Lock {
	const own = { process, lost: new AbortController() };
	lock.holder = own;
	return {
		lost: own.lost.signal,
		async release() {
			if (lock.holder === own) delete lock.holder;
		},
	};
}
