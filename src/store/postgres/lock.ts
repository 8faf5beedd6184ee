/** Locks between nodes: PostgreSQL's advisory locks, which end with their session. */
import { setTimeout } from "node:timers/promises";
import type { Lock, LockName } from "../database.ts";
import { openSession, type Session } from "./session.ts";

/** How often a waiting node tries, in milliseconds. */
const INTERVAL = 1000;

/** The first number is Guestwire's own ("GW"), because all programs in a database share the advisory locks. */
const NAMESPACE = 0x4757;
const NUMBERS: Readonly<Record<LockName, number>> = { mirror: 1 };

/** A database that can't be reached is tried again: another node may hold the lock meanwhile. */
export async function acquireAdvisoryLock(url: string, name: LockName, signal: AbortSignal): Promise<Lock> {
	let session: Session | undefined;
	try {
		for (;;) {
			signal.throwIfAborted();
			if (session?.lost.aborted) session = undefined;
			session ??= await openSession(url).catch(() => undefined);
			if (session !== undefined && (await tryLock(session, name))) {
				const { lost, close } = session;
				return { lost, release: async () => close() };
			}
			await setTimeout(INTERVAL, undefined, { signal, ref: false });
		}
	} catch (error) {
		session?.close();
		throw error;
	}
}

async function tryLock({ client, close }: Session, name: LockName): Promise<boolean> {
	try {
		const sql = "select pg_try_advisory_lock($1, $2) as locked";
		const { rows } = await client.query<{ locked: boolean }>(sql, [NAMESPACE, NUMBERS[name]]);
		return rows[0]?.locked === true;
	} catch {
		close();
		return false;
	}
}
