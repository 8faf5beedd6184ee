import type { Kysely } from "kysely";
import type { ColumnTypes } from "./index.ts";

/** Databases that were made before there were migrations have this table already. */
export async function up(database: Kysely<unknown>, { bytes }: ColumnTypes): Promise<void> {
	await database.schema
		.createTable("passwords")
		.ifNotExists()
		.addColumn("instance_id", "text", (column) => column.primaryKey())
		.addColumn("password", bytes, (column) => column.notNull())
		.execute();
}
