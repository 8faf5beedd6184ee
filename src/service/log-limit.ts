/** Log lines about what may go wrong at every request. */
import { LRUCache } from "lru-cache";
import type { Log } from "./log.ts";

/** Milliseconds between two lines about the same. */
const INTERVAL = 60_000;
/** Subjects that are remembered at most. */
const MOST = 1000;

/** Whether a line about a subject may be logged now: at most one a minute. */
export function createLogLimit(): (subject: string) => boolean {
	const logged = new LRUCache<string, true>({ max: MOST, ttl: INTERVAL });
	return (subject) => {
		if (logged.has(subject)) return false;
		logged.set(subject, true);
		return true;
	};
}

/** Logs what goes wrong, at most once a minute. */
export function limitedWarning(log: Log, message: string): (error: unknown) => void {
	const mayLog = createLogLimit();
	return (error) => {
		if (mayLog(message)) log.warn({ detail: (error as Error).message }, message);
	};
}
