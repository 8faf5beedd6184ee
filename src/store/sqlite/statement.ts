/** One SQL statement on a `node:sqlite` connection, in this thread or in the writer's. */
import type { DatabaseSync, SQLInputValue, StatementSync } from "node:sqlite";
import { LRUCache } from "lru-cache";

export interface Statement {
	readonly sql: string;
	readonly parameters: readonly unknown[];
	/** When to stop waiting for another process's lock, in milliseconds of the monotonic clock (`monotonicNow`). */
	readonly deadline?: number;
}

export interface StatementResult {
	/** Plain objects. */
	readonly rows: readonly unknown[];
	/** How many rows were changed; absent for a statement that returns rows. */
	readonly changes?: number;
}

export type RunStatement = (statement: Statement) => Promise<StatementResult>;

/** Milliseconds of a clock that all threads share and that never jumps. */
export function monotonicNow(): number {
	return Number(process.hrtime.bigint() / 1_000_000n);
}

/** SQLite's primary result code when another process holds a lock. https://sqlite.org/rescode.html#busy */
const SQLITE_BUSY = 5;
/** Those for a statement or a value that it does not take: SQLITE_ERROR, SQLITE_TOOBIG, SQLITE_MISMATCH, SQLITE_RANGE. */
const REJECTIONS: readonly number[] = [1, 18, 20, 25];

/** Whether a statement failed because another process holds a lock. */
export function isBusy(error: unknown): boolean {
	return resultCode(error) === SQLITE_BUSY;
}

/** See `Engine.isRejection`. */
export function isRejection(error: unknown): boolean {
	return REJECTIONS.includes(resultCode(error));
}

/** The primary result code; 0 for other errors. The low byte of an extended one is the primary one. */
function resultCode(error: unknown): number {
	return ((error as { errcode?: number }).errcode ?? 0) % 256;
}

/** Prepared statements that are kept. The queries are few; only the number of rows of an `insert` varies. */
const MAX_PREPARED = 100;

/** Runs statements on a connection, preparing each once. */
export function statementRunner(database: DatabaseSync): (statement: Statement) => StatementResult {
	const prepared = new LRUCache<string, { readonly statement: StatementSync; readonly returnsRows: boolean }>({
		max: MAX_PREPARED,
	});
	const prepare = (sql: string) => {
		const known = prepared.get(sql);
		if (known !== undefined) return known;
		const statement = database.prepare(sql);
		const entry = { statement, returnsRows: statement.columns().length > 0 };
		prepared.set(sql, entry);
		return entry;
	};
	return ({ sql, parameters }) => {
		const { statement, returnsRows } = prepare(sql);
		const values = parameters as readonly SQLInputValue[];
		if (returnsRows) return { rows: statement.all(...values) };
		return { rows: [], changes: Number(statement.run(...values).changes) };
	};
}
