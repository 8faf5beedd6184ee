/** LISTEN, on a connection that is replaced when it fails. */
import { setTimeout } from "node:timers/promises";
import { openSession, type Session } from "./session.ts";

export const CHANNEL = "guestwire";

/** How long after a failure the next connection is made, in milliseconds. */
const RECONNECT_INTERVAL = 1000;

/** Calls back for each notification, and after each connection: notifications sent before it are lost. */
export function listen(url: string, listener: () => void): () => Promise<void> {
	const stop = new AbortController();
	const run = async () => {
		while (!stop.signal.aborted) {
			const session = await startListening(url, listener).catch(() => undefined);
			if (session !== undefined) {
				await aborted(AbortSignal.any([session.lost, stop.signal]));
				session.close();
			}
			await setTimeout(RECONNECT_INTERVAL, undefined, { signal: stop.signal, ref: false }).catch(() => {});
		}
	};
	const ended = run();
	return async () => {
		stop.abort();
		await ended;
	};
}

async function startListening(url: string, listener: () => void): Promise<Session> {
	const session = await openSession(url);
	session.client.on("notification", listener);
	try {
		await session.client.query(`listen ${CHANNEL}`);
	} catch (error) {
		// A standby server refuses it, on a connection that works.
		session.close();
		throw error;
	}
	listener();
	return session;
}

async function aborted(signal: AbortSignal): Promise<void> {
	if (signal.aborted) return;
	await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
}
