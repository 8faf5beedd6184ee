/**
 * Rows per statement: SQLite takes 32,766 parameters, large rows take memory, and compiling more at a time would hold up
 * the event loop.
 */
const CHUNK = 250;

/** The rows in as many parts as they need statements. */
export function chunks<T>(rows: readonly T[]): T[][] {
	return Array.from({ length: Math.ceil(rows.length / CHUNK) }, (_, at) => rows.slice(at * CHUNK, (at + 1) * CHUNK));
}
