/** State in a file of its own: for one process, or a few on one machine. */
import { closeSync, openSync } from "node:fs";
import { DatabaseSync, type SQLInputValue } from "node:sqlite";
import { Kysely, type SqliteDatabase, SqliteDialect } from "kysely";
import type { StateDatabase } from "./database.ts";

/** How long a write waits for another process that holds the database, in milliseconds. */
const BUSY_TIMEOUT = 1000;

/** @param path a file, made when missing and readable by its owner alone; `:memory:` forgets with the process */
export function sqliteDatabase(path: string): StateDatabase {
	return {
		name: path,
		advice: "check that it is a database of Guestwire's, writable and on a disk with room",
		bytesType: "blob",
		open() {
			if (path !== ":memory:") closeSync(openSync(path, "a", 0o600));
			const database = new DatabaseSync(path, { timeout: BUSY_TIMEOUT });
			return new Kysely({ dialect: new SqliteDialect({ database: asKyselyExpects(database) }) });
		},
	};
}

/** Kysely's dialect was written for better-sqlite3, which takes parameters as a list and knows which statements read. */
function asKyselyExpects(database: DatabaseSync): SqliteDatabase {
	return {
		close: () => database.close(),
		prepare(sql) {
			const statement = database.prepare(sql);
			const values = (parameters: readonly unknown[]) => parameters as readonly SQLInputValue[];
			return {
				reader: statement.columns().length > 0,
				all: (parameters) => statement.all(...values(parameters)),
				run: (parameters) => statement.run(...values(parameters)),
				iterate: (parameters) => statement.iterate(...values(parameters)),
			};
		},
	};
}
