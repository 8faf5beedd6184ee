/** The passwords that guests post for their owners: kept over restarts, each set once. */
import { closeSync, openSync } from "node:fs";
import { DatabaseSync, type SQLInputValue } from "node:sqlite";
import { Kysely, type SqliteDatabase, SqliteDialect } from "kysely";
import { GuestwireError } from "../errors.ts";

export interface PasswordStore {
	/** The bytes as they were posted. */
	get(instanceId: string): Promise<Uint8Array | undefined>;
	/** Stores the first password of an instance; false, and nothing changes, when it has one already. */
	setOnce(instanceId: string, password: Uint8Array): Promise<boolean>;
	close(): Promise<void>;
}

interface Tables {
	passwords: { instance_id: string; password: Uint8Array };
}

/** How long a write waits for another process that holds the database, in milliseconds. */
const BUSY_TIMEOUT = 1000;

/**
 * @param path a file, made when missing and readable by its owner alone; `:memory:` forgets with the process
 * @throws GuestwireError `state`, here and from every call, when the database can't be used
 */
export async function openPasswordStore(path: string): Promise<PasswordStore> {
	const inState = async <T>(work: () => Promise<T>): Promise<T> => {
		try {
			return await work();
		} catch (error) {
			const advice = "check that it is a database of Guestwire's, writable and on a disk with room";
			throw new GuestwireError("state", `state ${path}: ${(error as Error).message}: ${advice}`, { cause: error });
		}
	};
	const database = await inState(async () => openDatabase(path));
	await inState(() => createTables(database));
	return {
		get: (instanceId) =>
			inState(async () => {
				const query = database.selectFrom("passwords").select("password").where("instance_id", "=", instanceId);
				return (await query.executeTakeFirst())?.password;
			}),
		setOnce: (instanceId, password) =>
			inState(async () => {
				const row = { instance_id: instanceId, password };
				const insert = database
					.insertInto("passwords")
					.values(row)
					.onConflict((conflict) => conflict.doNothing());
				return (await insert.executeTakeFirst()).numInsertedOrUpdatedRows === 1n;
			}),
		close: () => database.destroy(),
	};
}

function openDatabase(path: string): Kysely<Tables> {
	if (path !== ":memory:") closeSync(openSync(path, "a", 0o600));
	const database = new DatabaseSync(path, { timeout: BUSY_TIMEOUT });
	return new Kysely({ dialect: new SqliteDialect({ database: asKyselyExpects(database) }) });
}

function createTables(database: Kysely<Tables>): Promise<void> {
	return database.schema
		.createTable("passwords")
		.ifNotExists()
		.addColumn("instance_id", "text", (column) => column.primaryKey())
		.addColumn("password", "blob", (column) => column.notNull())
		.execute();
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
