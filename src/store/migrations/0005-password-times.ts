import type { Kysely } from "kysely";

/** When a password was posted; null for those of before. */
export async function up(database: Kysely<unknown>): Promise<void> {
	await database.schema.alterTable("passwords").addColumn("posted_at", "bigint").execute();
}
