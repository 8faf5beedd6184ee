/** State in PostgreSQL: for several nodes. */
import { Kysely, PostgresDialect, type RawBuilder, sql } from "kysely";
import type { Connections, Engine, StateTables } from "../database.ts";
import { type ColumnTypes, ensureMigrated, migrate } from "../migrations/index.ts";
import { CHANNEL, listen } from "./listener.ts";
import { acquireAdvisoryLock } from "./lock.ts";
import { createPool, FOR_GUESTS, FOR_WHOLE_TABLES, type PoolOptions } from "./pool.ts";

const TYPES: ColumnTypes = { bytes: "bytea" };

/** Errors while another node migrates: no answer in time behind its lock, or a table that it has just created. */
const BUSY = { message: "Query read timeout", codes: ["23505", "42P07"] };

/** SQLSTATE's classes of data that does not fit, and of limits that are exceeded. */
const REJECTIONS = /^(22|54)/;

/** @param url see StateLocation */
export function postgresEngine(url: string): Engine {
	return {
		name: withoutPassword(url),
		advice: "check that it runs, that the user may create tables, and PGPASSWORD or PGPASSFILE",
		isRejection: (error) => REJECTIONS.test((error as { readonly code?: string }).code ?? ""),
		open: () => openPool(url),
	};
}

async function openPool(url: string): Promise<Connections> {
	const open = (options: PoolOptions) =>
		new Kysely<StateTables>({ dialect: new PostgresDialect({ pool: createPool(url, options) }) });
	const connection = open(FOR_GUESTS);
	// It connects when it is used.
	const maintainer = open(FOR_WHOLE_TABLES);
	const close = async () => void (await Promise.all([connection.destroy(), maintainer.destroy()]));
	try {
		await ensureMigrated(connection, TYPES, () => migrate(connection, TYPES), isBusy);
	} catch (error) {
		await close();
		throw error;
	}
	return {
		...{ reader: connection, writer: connection, maintainer, close },
		acquireLock: (name, signal) => acquireAdvisoryLock(url, name, signal),
		listen: (listener) => listen(url, listener),
		announce: async (transaction) => {
			await sql`select pg_notify(${CHANNEL}, '')`.execute(transaction);
		},
		elementsOf: (json) => sql`json_array_elements(${json}::json)`,
		bytesOf: (hexadecimal) => sql`decode(${hexadecimal}, 'hex')`,
		memberOf: (column, member) => sql`(${readable(column)}::json ->> ${sql.lit(member)})`,
		size: async () => {
			const query = sql<{ bytes: number }>`select pg_database_size(current_database()) as bytes`;
			return (await query.execute(connection)).rows[0]?.bytes ?? 0;
		},
	};
}

/**
 * JSON without the escapes that stand for no character of PostgreSQL's text, NUL and halves of surrogate pairs: one of
 * them anywhere would make reading any member fail.
 */
function readable(column: string): RawBuilder<string> {
	return sql`regexp_replace(${sql.ref(column)}, '\\\\u(0000|d[89a-f][0-9a-f]{2})', '\\\\u003f', 'g')`;
}

function isBusy(error: unknown): boolean {
	const { message, code = "" } = error as Error & { readonly code?: string };
	return message === BUSY.message || BUSY.codes.includes(code);
}

function withoutPassword(url: string): string {
	return url.replace(/^([a-z]+:\/\/[^:@/]*):[^@/]*@/, "$1@");
}
