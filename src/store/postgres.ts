/** State in PostgreSQL: for many nodes that must know the same. */
import { Kysely, PostgresDialect } from "kysely";
import pg from "pg";
import type { StateDatabase } from "./database.ts";

/** Connections of one process: state is asked for rarely. */
const MOST_CONNECTIONS = 4;
/** A guest's request has 5 s in all. Milliseconds. */
const PATIENCE = 2000;

/**
 * @param url `postgres://user@host:port/database`; the password stands in PGPASSWORD or in the file that PGPASSFILE names
 */
export function postgresDatabase(url: string): StateDatabase {
	return {
		name: withoutPassword(url),
		advice: "check that it runs, that the user may create a table, and PGPASSWORD or PGPASSFILE",
		bytesType: "bytea",
		open() {
			const pool = new pg.Pool({
				connectionString: url,
				max: MOST_CONNECTIONS,
				connectionTimeoutMillis: PATIENCE,
				query_timeout: PATIENCE,
			});
			// A connection that breaks while nobody uses it is replaced by the next query, which reports what fails.
			pool.on("error", () => {});
			return new Kysely({ dialect: new PostgresDialect({ pool }) });
		},
	};
}

function withoutPassword(url: string): string {
	return url.replace(/^([a-z]+:\/\/[^:@/]*):[^@/]*@/, "$1@");
}
