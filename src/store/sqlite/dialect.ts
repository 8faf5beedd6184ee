/** Kysely on SQLite through one connection, wherever that connection lives. */
import {
	CompiledQuery,
	type DatabaseConnection,
	type Dialect,
	type Driver,
	type QueryResult,
	SqliteAdapter,
	SqliteIntrospector,
	SqliteQueryCompiler,
} from "kysely";
import { monotonicNow, type RunStatement } from "./statement.ts";

/**
 * How long a write waits for a process that has locked the file, its own queue included, in milliseconds. Below a
 * guest's limit of 5 s for a request, so that a password is never stored after its guest got 503.
 */
const LOCK_TIMEOUT = 4000;

/** Kysely's own dialect runs statements in this thread and begins transactions that can fail halfway for a lock. */
export function sqliteDialect(run: RunStatement): Dialect {
	return {
		createAdapter: () => new SharedConnectionAdapter(),
		createDriver: () => createDriver(run),
		createIntrospector: (database) => new SqliteIntrospector(database),
		createQueryCompiler: () => new SqliteQueryCompiler(),
	};
}

class SharedConnectionAdapter extends SqliteAdapter {
	/** SQLite rolls back tables too; the Migrator needs to know. */
	override get supportsTransactionalDdl(): boolean {
		return true;
	}
	/** The driver below queues its users itself: Kysely's queue has no time limit. */
	override get supportsMultipleConnections(): boolean {
		return true;
	}
}

/** Users of the one connection take turns. */
function createDriver(run: RunStatement): Driver {
	let queue: Promise<unknown> = Promise.resolve();
	const releases = new WeakMap<DatabaseConnection, () => void>();
	const execute = async (connection: DatabaseConnection, sql: string) => {
		await connection.executeQuery(CompiledQuery.raw(sql));
	};
	return {
		init: async () => {},
		async acquireConnection() {
			const connection = createConnection(run, monotonicNow() + LOCK_TIMEOUT);
			const turn = queue;
			const { promise, resolve } = Promise.withResolvers<void>();
			releases.set(connection, resolve);
			queue = promise;
			await turn;
			return connection;
		},
		// Locks the file at once: a transaction that reads first can't wait for a lock when it comes to write.
		beginTransaction: (connection) => execute(connection, "begin immediate"),
		commitTransaction: (connection) => execute(connection, "commit"),
		rollbackTransaction: (connection) => execute(connection, "rollback"),
		releaseConnection: async (connection) => releases.get(connection)?.(),
		destroy: async () => {},
	};
}

function createConnection(run: RunStatement, deadline: number): DatabaseConnection {
	return {
		async executeQuery<Row>({ sql, parameters }: CompiledQuery): Promise<QueryResult<Row>> {
			const { rows, changes } = await run({ sql, parameters, deadline });
			return { rows: rows as Row[], ...(changes !== undefined && { numAffectedRows: BigInt(changes) }) };
		},
		// biome-ignore lint/correctness/useYield: Kysely asks for a generator; nothing here streams
		async *streamQuery() {
			throw new Error("streaming is not supported");
		},
	};
}
