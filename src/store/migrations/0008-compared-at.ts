import { type Kysely, sql } from "kysely";

/**
 * Whether a guest's documents were compared. `outdated_at` was 0 for those that are up to date, which a version that knows
 * only null and times takes for "out of date since 1970".
 */
export async function up(database: Kysely<unknown>): Promise<void> {
	await database.schema.alterTable("history_instances").addColumn("compared_at", "bigint").execute();
	await sql`update history_instances set compared_at = last_at where outdated_at is not null`.execute(database);
	await sql`update history_instances set outdated_at = null where outdated_at = 0`.execute(database);
}
