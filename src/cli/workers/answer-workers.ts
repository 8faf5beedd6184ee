/** The primary's answers to its workers. */
import { LRUCache } from "lru-cache";
import type { Channel } from "../../channel.ts";
import type { Instance } from "../../instance/instance.ts";
import { mergeRequests } from "../../service/request-history/request-list.ts";
import type { DynamicVendorData } from "../../service/vendor-data.ts";
import type { InstanceCache } from "../../source/instance-cache.ts";
import type { Change, Owner, PortQuery, Source } from "../../source/source.ts";
import type { HistoryStore } from "../../store/history-store.ts";
import type { GuestPasswords } from "../../store/password-store.ts";
import { wholeInstance } from "../source.ts";
import type { PrimaryCalls, WorkerCalls } from "./calls.ts";

export interface AnswerOptions {
	/** All workers share these answers, so that the source is asked no more often than by one process. */
	readonly instances: InstanceCache;
	/** The source behind it. */
	readonly source: Source;
	readonly vendorData: DynamicVendorData;
	readonly passwords: GuestPasswords;
	readonly history: Pick<HistoryStore, "write" | "compact" | "trim" | "trimRefusals">;
	/** Writes lines of the log. */
	readonly log: (lines: string) => void;
}

type Worker = Channel<WorkerCalls>;

export interface WorkerAnswers {
	/** What the primary answers to a worker. */
	readonly callsOf: (worker: () => Worker) => PrimaryCalls;
	/** From now on, the worker hears of changes. */
	add(worker: Worker): void;
	remove(worker: Worker): void;
	close(): void;
}

/** How long owners are shared by all workers, in seconds. A worker's own cache has to allow for it. */
export const OWNER_SHARING = 2;
const MOST_OWNERS = 5000;
/** Instances of which the last answer is remembered. */
const MOST_REMEMBERED = 20_000;
/** Milliseconds between two reports of up to when all changes are known. */
const REPORT_INTERVAL = 250;

export function createWorkerAnswers(options: AnswerOptions): WorkerAnswers {
	const { instances, source, vendorData, passwords, history, log } = options;
	const workers = new Set<Worker>();
	const owners = createSharedOwners(source);

	const report = (change: Change, except?: Worker) => {
		for (const worker of workers) if (worker !== except) worker.notify("change", change);
	};
	source.onChange?.((change) => {
		owners.forget();
		report(change);
	});
	const verifiedAge = (id?: string) => source.verifiedAge?.(id) ?? Number.POSITIVE_INFINITY;
	const timer = setInterval(() => {
		const at = Date.now() - verifiedAge();
		for (const worker of workers) worker.notify("verified", at);
	}, REPORT_INTERVAL).unref();

	const lastGiven = createLastGiven();
	return {
		callsOf: (worker) => ({
			async instance({ id, detail, revalidate }) {
				const instance = await (revalidate ? instances.revalidate(id, detail) : instances.get(id, detail));
				// No worker may give older facts of an instance than another one gave before.
				if (lastGiven.differs(id, instance)) report({ kind: "server", ids: [id] }, worker());
				return { instance, isReported: Number.isFinite(verifiedAge(id)) };
			},
			owners: owners.of,
			lastKnownOwners: async (query) => source.lastKnownOwners?.(query),
			async vendorData(id) {
				return vendorData.of(await wholeInstance(instances, id));
			},
			password: ({ id, launched }) => passwords.get(id, launched),
			setPassword: ({ id, launched, password }) => passwords.setOnce(id, password, launched),
			writeHistory: (batch) => history.write(batch),
			compactHistory: (ids) => history.compact(ids, mergeRequests),
			trimHistory: (instances) => history.trim(instances),
			trimRefusals: (refusals) => history.trimRefusals(refusals),
			log,
		}),
		add(worker) {
			workers.add(worker);
			worker.notify("verified", Date.now() - verifiedAge());
		},
		remove: (worker) => void workers.delete(worker),
		close: () => clearInterval(timer),
	};
}

/** The instances that workers were last given. */
function createLastGiven() {
	/** The cache gives the same object as long as the facts are the same. */
	const lastGiven = new LRUCache<string, Instance>({ max: MOST_REMEMBERED });
	return {
		/** Remembers what is given now. @returns whether something else was given before */
		differs(id: string, instance: Instance | undefined): boolean {
			const known = lastGiven.get(id);
			if (instance === undefined) lastGiven.delete(id);
			else lastGiven.set(id, instance);
			return known !== undefined && known !== instance;
		},
	};
}

/** Owners that all workers share for a while. */
function createSharedOwners(source: Pick<Source, "owners">) {
	const owners = new LRUCache<string, Promise<readonly Owner[]>>({ max: MOST_OWNERS, ttl: OWNER_SHARING * 1000 });
	return {
		of(query: PortQuery): Promise<readonly Owner[]> {
			const key = JSON.stringify(query);
			const known = owners.get(key);
			if (known !== undefined) return known;
			const found = source.owners(query);
			owners.set(key, found);
			found.catch(() => owners.get(key) === found && owners.delete(key));
			return found;
		},
		forget: () => owners.clear(),
	};
}
