/** The changes that signals have reported and that are not in the mirror yet. */
import type { SignalName } from "../source/remote-source.ts";
import { type ResourceName, textOfName } from "../source/resource.ts";
import type { ChangeHandler } from "./change-handler.ts";
import type { Clock } from "./clock.ts";
import type { Doubts } from "./doubts.ts";
import { isAway } from "./is-away.ts";
import type { MirrorEvents } from "./mirror-events.ts";
import { createRetries, type Retries, textOf } from "./retries.ts";

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

interface Job {
	/** When it was reported. */
	since: number;
	report: Report;
	/** The latest report since the reading started. */
	next?: { readonly since: number; readonly report: Report };
}

/** More are left to a comparison with the source. */
const MOST_JOBS = 50_000;
/**
 * For a resource that can't be read or stored: it must not keep others from counting as current. It is then in doubt, and
 * the watcher reads it again later.
 */
const MOST_ATTEMPTS = 5;

export interface ChangeJobsOptions {
	readonly handle: ChangeHandler;
	readonly retries: Retries;
	readonly clock: Clock;
	readonly signal: AbortSignal;
	readonly doubts: Doubts;
	readonly events: MirrorEvents;
}

export function createChangeJobs(options: ChangeJobsOptions): ChangeJobs {
	const { clock, events } = options;
	/** By kind and id. */
	const jobs = new Map<string, Job>();

	async function run(name: ResourceName, key: string, job: Job): Promise<void> {
		for (;;) {
			await readUntilSettled(name, options);
			const { signal: by, changedAt } = job.report;
			const lag = changedAt === undefined ? undefined : Math.max(0, clock.now() - changedAt) / 1000;
			events.onChangeApplied(name.kind, by, lag);
			if (job.next === undefined) break;
			({ since: job.since, report: job.report } = job.next);
			delete job.next;
		}
		jobs.delete(key);
	}

	return {
		add(name, report) {
			const key = textOfName(name);
			const job = jobs.get(key);
			const since = clock.now();
			if (job !== undefined) {
				job.next = { since: job.next?.since ?? since, report };
				return true;
			}
			if (jobs.size >= MOST_JOBS) return false;
			const added: Job = { since, report };
			jobs.set(key, added);
			// It only ends early when the watcher does.
			run(name, key, added).catch(() => {});
			return true;
		},
		has: (name) => jobs.has(textOfName(name)),
		oldest() {
			let oldest = Number.POSITIVE_INFINITY;
			for (const { since } of jobs.values()) oldest = Math.min(oldest, since);
			return oldest === Number.POSITIVE_INFINITY ? undefined : oldest;
		},
	};
}

/** Reads the resource again until it is stored or, after several failures of its own, in doubt. */
async function readUntilSettled(name: ResourceName, options: ChangeJobsOptions): Promise<void> {
	const { handle, retries, clock, signal } = options;
	// A resource's own failures delay no other, and do not say that the mirror is not updated.
	const own = createRetries(clock, signal, () => {});
	for (let attempts = 0; ; ) {
		try {
			await handle(name);
			return retries.succeeded();
		} catch (error) {
			signal.throwIfAborted();
			if (isAway(error)) await retries.failed(error);
			else if (++attempts < MOST_ATTEMPTS) await own.failed(error);
			else if (doubt(name, error, options)) return;
			else await retries.failed(error);
		}
	}
}

/** @returns whether the mirror knows now that its content may be wrong */
function doubt(name: ResourceName, error: unknown, { doubts, events }: ChangeJobsOptions): boolean {
	const added = doubts.add(name);
	if (added === "new") events.onLog("warn", `${textOfName(name)} can't be read: ${textOf(error)}`);
	return added !== "full";
}
