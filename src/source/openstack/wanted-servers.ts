/** The servers that look-ups wait for, whichever answer has them first. */
import type { ServerAnswer } from "./servers.ts";

export type FoundServer = ServerAnswer | undefined;

export interface WantedServers {
	readonly size: number;
	has(id: string): boolean;
	ids(): string[];
	/** Waits for a server. */
	add(id: string): Promise<FoundServer>;
	/** Marks the moment at which a request is sent: its answer is good enough for those who wait by then. */
	moment(): number;
	/** Resolves those who have waited since the moment. Returns whether there were any. */
	deliver(id: string, found: FoundServer | Error, moment: number): boolean;
}

interface Waiter extends PromiseWithResolvers<FoundServer> {
	readonly since: number;
}

export function createWantedServers(): WantedServers {
	const waiting = new Map<string, readonly Waiter[]>();
	let time = 0;
	return {
		get size() {
			return waiting.size;
		},
		has: (id) => waiting.has(id),
		ids: () => [...waiting.keys()],
		moment: () => ++time,
		add(id) {
			const waiter = { ...Promise.withResolvers<FoundServer>(), since: time };
			waiting.set(id, [...(waiting.get(id) ?? []), waiter]);
			return waiter.promise;
		},
		deliver(id, found, moment) {
			const [served, others] = [[] as Waiter[], [] as Waiter[]];
			for (const waiter of waiting.get(id) ?? []) (waiter.since < moment ? served : others).push(waiter);
			if (others.length === 0) waiting.delete(id);
			else waiting.set(id, others);
			for (const { resolve, reject } of served) {
				if (found instanceof Error) reject(found);
				else resolve(found);
			}
			return served.length > 0;
		},
	};
}
