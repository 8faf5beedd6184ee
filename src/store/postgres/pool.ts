/** Connections to PostgreSQL, none of which is used again after it has failed or frozen. */
import type { PostgresPool, PostgresPoolClient } from "kysely";
import pg from "pg";

/** For connecting, in milliseconds. */
const TIMEOUT = 2000;

export interface PoolOptions {
	/** The most connections. */
	readonly connections: number;
	/** How long a query may take, in milliseconds. */
	readonly timeout: number;
	/** Whether queries end with the pool. Otherwise, it waits for them. */
	readonly isInterrupted: boolean;
}

/** Of one process: the state is used rarely. A guest's request has 5 s in all. */
export const FOR_GUESTS: PoolOptions = { connections: 4, timeout: 2000, isInterrupted: false };
/** For statements about whole tables, for which nobody waits: none waits for another one's connection. */
export const FOR_WHOLE_TABLES: PoolOptions = { connections: 4, timeout: 60_000, isInterrupted: true };

/** PostgreSQL's `bigint` comes as text. Guestwire's are counters and times, far below 2^53. */
const BIGINT = 20;
const types = {
	getTypeParser: (oid: number, format?: "text" | "binary") =>
		oid === BIGINT ? Number : pg.types.getTypeParser(oid, format as "text"),
};

/**
 * A pool of Kysely's kind. pg returns a connection to its pool although a query on it has timed out, and the next query
 * then waits behind the first, forever if packets are being dropped. Here a connection is closed after any failure that
 * is not an error reported by the server, together with every other connection that was open at that time.
 */
export function createPool(url: string, { connections, timeout, isInterrupted }: PoolOptions): PostgresPool {
	const pool = new pg.Pool({
		connectionString: url,
		max: connections,
		connectionTimeoutMillis: TIMEOUT,
		query_timeout: timeout,
		keepAlive: true,
		types,
	});
	// An idle connection that breaks is replaced by the next query, which reports what fails.
	pool.on("error", () => {});
	const generations = new WeakMap<pg.ClientBase, number>();
	let generation = 0;
	pool.on("connect", (client) => {
		generations.set(client, generation);
		// One that breaks in a transaction, between two queries, is noticed by the next query.
		client.on("error", () => {});
	});

	const inUse = new Set<pg.PoolClient>();
	const startGeneration = () => {
		generation += 1;
	};
	const connect = async (): Promise<PostgresPoolClient> => {
		const client = await pool.connect();
		if (generations.get(client) !== generation) {
			discard(client);
			return connect();
		}
		inUse.add(client);
		return guarded(client, startGeneration, () => inUse.delete(client));
	};
	return {
		...{ options: pool.options, connect },
		async end() {
			if (isInterrupted) for (const client of inUse) hangUp(client);
			await pool.end();
		},
	};
}

/** A connection that is closed after any failure that is not an error reported by the server. */
function guarded(client: pg.PoolClient, onFailure: () => void, onRelease: () => void): PostgresPoolClient {
	let hasFailed = false;
	const query = async (sql: string, parameters: readonly unknown[]) => {
		try {
			return await client.query(sql, [...parameters]);
		} catch (error) {
			if (!(error instanceof pg.DatabaseError) && !hasFailed) {
				hasFailed = true;
				onFailure();
			}
			throw error;
		}
	};
	return {
		query: query as unknown as PostgresPoolClient["query"],
		release(destroy) {
			onRelease();
			if (destroy || hasFailed) discard(client);
			else client.release();
		},
	};
}

/** pg would say goodbye and wait for the other side to close. */
function discard(client: pg.PoolClient): void {
	client.release(true);
	hangUp(client);
}

function hangUp(client: pg.PoolClient): void {
	(client as unknown as { readonly connection: pg.Connection }).connection.stream.destroy();
}
