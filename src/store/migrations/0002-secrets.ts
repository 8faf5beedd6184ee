import type { Kysely } from "kysely";
import type { ColumnTypes } from "./index.ts";

export async function up(database: Kysely<unknown>, { bytes }: ColumnTypes): Promise<void> {
	await database.schema
		.createTable("secrets")
		.addColumn("name", "text", (column) => column.primaryKey())
		.addColumn("value", bytes, (column) => column.notNull())
		.execute();
}
