/** The worker thread that writes to the file. It may sleep while another process holds the lock. */
import { DatabaseSync } from "node:sqlite";
import { parentPort, workerData } from "node:worker_threads";
import { monotonicNow, type Statement, type StatementResult, statementRunner } from "./statement.ts";
import type { WriterRequest, WriterResponse } from "./writer-thread.ts";

let open: { readonly database: DatabaseSync; readonly run: (statement: Statement) => StatementResult } | undefined;

parentPort?.on("message", (request: WriterRequest) => parentPort?.postMessage(respond(request)));

function respond({ id, ...statement }: WriterRequest): WriterResponse {
	try {
		return { id, result: runUntil(statement) };
	} catch (error) {
		const { message, errcode } = error as Error & { readonly errcode?: number };
		return { id, error: { message, ...(errcode !== undefined && { errcode }) } };
	}
}

/** A file that can't be opened is tried again by the next statement. */
function runUntil(statement: Statement): StatementResult {
	const busyTimeout = Math.max(0, (statement.deadline ?? 0) - monotonicNow());
	open ??= openDatabase(busyTimeout);
	open.database.exec(`pragma busy_timeout = ${busyTimeout}`);
	return open.run(statement);
}

function openDatabase(timeout: number) {
	const database = new DatabaseSync(workerData, { timeout });
	try {
		database.exec("pragma journal_mode = wal");
	} catch (error) {
		database.close();
		throw error;
	}
	return { database, run: statementRunner(database) };
}
