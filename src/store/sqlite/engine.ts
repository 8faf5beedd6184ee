/** State in a file: for one process, or for several on one machine. */
import { DatabaseSync } from "node:sqlite";
import { Kysely, type RawBuilder, sql } from "kysely";
import type { Connections, Engine, StateTables } from "../database.ts";
import { type ColumnTypes, ensureMigrated, migrate } from "../migrations/index.ts";
import { createFile } from "./create-file.ts";
import { sqliteDialect } from "./dialect.ts";
import { pollForChanges } from "./listener.ts";
import { acquireFileLock, createMemoryLocks } from "./lock.ts";
import { isBusy, isRejection, type RunStatement, statementRunner } from "./statement.ts";
import { createWriterThread } from "./writer-thread.ts";

const TYPES: ColumnTypes = { bytes: "blob" };

export function sqliteEngine(path: string): Engine {
	return {
		name: path,
		advice: "check that it is a Guestwire database, that it can be written, and that its disk has room",
		isRejection,
		open: () => openFile(path),
	};
}

export function memoryEngine(): Engine {
	return { name: "in memory", advice: "report this as a bug", isRejection, open: openMemory };
}

/**
 * Reads use a read-only connection of this thread, writes one in a worker thread. A database that has all its tables is
 * opened without a write, so a lock on the file doesn't delay the start.
 */
async function openFile(path: string): Promise<Connections> {
	createFile(path);
	const thread = createWriterThread(path);
	const database = new DatabaseSync(path, { readOnly: true, timeout: 0 });
	const writer = new Kysely<StateTables>({ dialect: sqliteDialect(thread.run) });
	const reader = new Kysely<StateTables>({ dialect: sqliteDialect(readerOf(database, thread.run)) });
	const close = async () => {
		database.close();
		await thread.close();
	};
	try {
		await ensureMigrated(reader, TYPES, () => migrateAll(writer), isBusy);
	} catch (error) {
		await close();
		throw error;
	}
	return {
		...{ reader, writer, maintainer: writer, close },
		acquireLock: (name, signal) => acquireFileLock(`${path}-${name}.lock`, signal),
		...sharedBy(reader, writer),
	};
}

/** In one transaction, which locks the file: of processes that start at the same time the second finds the tables. */
function migrateAll(writer: Kysely<StateTables>): Promise<void> {
	return writer.transaction().execute((transaction) => migrate(transaction, TYPES));
}

/**
 * In WAL mode a reader waits for nobody, except while another process recovers the file or holds it exclusively. Then
 * the writer's thread does the waiting.
 */
function readerOf(database: DatabaseSync, runInThread: RunStatement): RunStatement {
	const run = statementRunner(database);
	return async (statement) => {
		try {
			return run(statement);
		} catch (error) {
			if (!isBusy(error)) throw error;
			return runInThread(statement);
		}
	};
}

/** Nobody else can lock it, so that one connection of this thread is enough. */
async function openMemory(): Promise<Connections> {
	const database = new DatabaseSync(":memory:");
	const run = statementRunner(database);
	const connection = new Kysely<StateTables>({ dialect: sqliteDialect(async (statement) => run(statement)) });
	await migrateAll(connection);
	return {
		...{ reader: connection, writer: connection, maintainer: connection, close: async () => database.close() },
		acquireLock: createMemoryLocks(),
		...sharedBy(connection, connection),
	};
}

function sharedBy(reader: Kysely<StateTables>, writer: Kysely<StateTables>) {
	return {
		listen: (listener: () => void) => pollForChanges(reader, listener),
		announce: async () => {},
		elementsOf: (json: string) => sql`json_each(${json})`,
		bytesOf: (hexadecimal: RawBuilder<string>) => sql<Uint8Array>`unhex(${hexadecimal})`,
		memberOf: (column: string, member: string) => sql<string | null>`${sql.ref(column)} ->> ${sql.lit(member)}`,
		size: async () => {
			const query = sql<{ bytes: number }>`select page_count * page_size as bytes
				from pragma_page_count(), pragma_page_size()`;
			return (await query.execute(writer)).rows[0]?.bytes ?? 0;
		},
	};
}
