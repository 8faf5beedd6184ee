/** Locks between processes on one machine. */
import { DatabaseSync } from "node:sqlite";
import { setTimeout } from "node:timers/promises";
import type { Lock, LockName } from "../database.ts";
import { createFile } from "./create-file.ts";
import { isBusy } from "./statement.ts";

/** How often a waiting process tries, in milliseconds. */
const INTERVAL = 500;

/**
 * A lock file, locked through SQLite, which uses the kernel's locks: they end with their process, however it ends, and
 * nothing stale is left to judge.
 */
export async function acquireFileLock(path: string, signal: AbortSignal): Promise<Lock> {
	createFile(path);
	const database = new DatabaseSync(path, { timeout: 0 });
	try {
		while (!tryLock(database)) await setTimeout(INTERVAL, undefined, { signal, ref: false });
	} catch (error) {
		database.close();
		throw error;
	}
	return { lost: new AbortController().signal, release: async () => database.close() };
}

function tryLock(database: DatabaseSync): boolean {
	try {
		database.exec("begin exclusive");
		return true;
	} catch (error) {
		if (isBusy(error)) return false;
		throw error;
	}
}

/** For a database in memory, which no other process can open. Holders of one lock in this process take turns. */
export function createMemoryLocks(): (name: LockName, signal: AbortSignal) => Promise<Lock> {
	const held = new Set<LockName>();
	return async (name, signal) => {
		while (held.has(name)) await setTimeout(INTERVAL, undefined, { signal, ref: false });
		held.add(name);
		return {
			lost: new AbortController().signal,
			release: async () => {
				held.delete(name);
			},
		};
	};
}
