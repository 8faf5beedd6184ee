/** The changes that signals have reported and that are not in the mirror yet. */
import { GuestwireError } from "../errors.ts";
import type { SignalName } from "../source/remote-source.ts";
import type { ResourceName } from "../source/resource.ts";
import type { ChangeHandler } from "./change-handler.ts";
import type { Clock } from "./clock.ts";
import type { Doubts } from "./doubts.ts";
import type { MirrorEvents } from "./mirror-events.ts";
import type { Retries } from "./retries.ts";

/** The report of a change. */
export interface Report {
	readonly signal: SignalName;
	/** See `Signal`. */
	readonly changedAt?: number | undefined;
}

export interface ChangeJobs {
	/** Reads the resource again, until that succeeds. Returns false if too many are waiting: the change is lost then. */
	add(name: ResourceName, report: Report): boolean;
	has(name: ResourceName): boolean;
	/** When the oldest change that is not in the mirror yet was reported, in milliseconds since 1970. */
	oldest(): number | undefined;
}

/** A reading of the resource. */
interface Run {
	/** When the change was reported. */
	readonly since: number;
	readonly report: Report;
}

interface Job {
	readonly runs: Set<Run>;
	/** For the latest report since the last of the runs started. */
	next?: Run;
}

/**
 * Readings of one resource at a time. A reading that started before a change may have got the old state, and it goes on
 * with what depends on the resource: the second one does not wait for that.
 */
const MOST_RUNS = 2;

/** More are left to a comparison with the source. */
const MOST_JOBS = 50_000;
/** For a resource that the source never answers about as it should: it must not keep others from counting as current. */
const MOST_ATTEMPTS = 20;

export interface ChangeJobsOptions {
	readonly handle: ChangeHandler;
	readonly retries: Retries;
	readonly clock: Clock;
	readonly signal: AbortSignal;
	readonly doubts: Doubts;
	readonly events: MirrorEvents;
}

export function createChangeJobs({ handle, retries, clock, signal, doubts, events }: ChangeJobsOptions): ChangeJobs {
	/** By kind and id. */
	const jobs = new Map<string, Job>();

	async function attempt(name: ResourceName): Promise<void> {
		for (let attempts = 1; ; attempts++) {
			try {
				await handle(name);
				retries.succeeded();
				return;
			} catch (error) {
				signal.throwIfAborted();
				const isOdd = error instanceof GuestwireError && error.code === "cloud-answer";
				if (isOdd && attempts === MOST_ATTEMPTS) return void doubts.add(name);
				await retries.failed(error);
			}
		}
	}

	async function run(name: ResourceName, key: string, job: Job, first: Run): Promise<void> {
		for (let current: Run | undefined = first; current !== undefined; ) {
			job.runs.add(current);
			await attempt(name);
			const { signal: by, changedAt } = current.report;
			const lag = changedAt === undefined ? undefined : Math.max(0, clock.now() - changedAt) / 1000;
			events.onChangeApplied(name.kind, by, lag);
			job.runs.delete(current);
			current = job.next;
			delete job.next;
		}
		if (job.runs.size === 0) jobs.delete(key);
	}

	return {
		add(name, report) {
			const key = `${name.kind} ${name.id}`;
			const job = jobs.get(key) ?? { runs: new Set() };
			const since = clock.now();
			if (job.runs.size >= MOST_RUNS) {
				job.next = { since: job.next?.since ?? since, report };
				return true;
			}
			if (job.runs.size === 0 && jobs.size >= MOST_JOBS) return false;
			jobs.set(key, job);
			// It only ends early when the watcher does.
			run(name, key, job, { since, report }).catch(() => {});
			return true;
		},
		has: ({ kind, id }) => jobs.has(`${kind} ${id}`),
		oldest() {
			let oldest = Number.POSITIVE_INFINITY;
			for (const { runs } of jobs.values()) for (const { since } of runs) oldest = Math.min(oldest, since);
			return oldest === Number.POSITIVE_INFINITY ? undefined : oldest;
		},
	};
}
