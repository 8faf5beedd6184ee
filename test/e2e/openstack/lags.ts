/** How long it takes until a guest that polls sees a change. */
import { setTimeout as pause } from "node:timers/promises";
import { type Answer, ask, type Requester } from "./asking.ts";
import type { Trial } from "./trials.ts";

/** A document of a metadata service that a guest polls. */
export interface Polled {
	/** On the loopback. */
	readonly port: number;
	readonly path: string;
	/** Between an answer and the next request. Milliseconds. */
	readonly interval: number;
	/** How long a change is waited for. Seconds. */
	readonly patience: number;
}

/** Polls until the guest gets what is wanted. Returns the time, or infinity if that takes too long. */
export async function seenAt(
	{ port, path, interval, patience }: Polled,
	requester: Requester,
	isWanted: (answer: Answer) => boolean,
): Promise<number> {
	for (const end = performance.now() + patience * 1000; performance.now() < end; await pause(interval)) {
		if (isWanted(await ask(port, requester, path))) return performance.now();
	}
	return Number.POSITIVE_INFINITY;
}

/**
 * Makes the change once no document shows it.
 *
 * @returns for each document the time from the API's answer until the guest sees the change, in seconds; infinite if that
 *   takes too long, or if the document showed it before
 */
export async function lagsOf({ requester, change, isSeen }: Trial, documents: readonly Polled[]): Promise<number[]> {
	const isOld = (answer: Answer) => !isSeen(answer);
	const before = await Promise.all(documents.map((document) => seenAt(document, requester, isOld)));
	const seen = Promise.all(documents.map((document) => seenAt(document, requester, isSeen)));
	const [answered, times] = await Promise.all([change().then(() => performance.now()), seen]);
	return times.map((at, index) => Math.max(0, Math.max(at, before[index] ?? at) - answered) / 1000);
}

/** The value that a share of the values does not exceed. */
export function quantile(values: readonly number[], share: number): number {
	return values.toSorted((a, b) => a - b)[Math.ceil(values.length * share) - 1] ?? Number.NaN;
}
