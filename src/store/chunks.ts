/**
 * Rows per statement: SQLite takes 32,766 parameters, large rows take memory, and compiling more at a time would hold up
 * the event loop.
 */
const CHUNK = 250;

/** The rows in as many parts as they need statements. */
export function chunks<T>(rows: readonly T[], size = CHUNK): T[][] {
	return Array.from({ length: Math.ceil(rows.length / size) }, (_, at) => rows.slice(at * size, (at + 1) * size));
}
