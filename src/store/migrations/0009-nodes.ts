import type { Kysely } from "kysely";

/** The nodes that run. See `src/store/node-store.ts`. */
export async function up({ schema }: Kysely<unknown>): Promise<void> {
	await schema
		.createTable("nodes")
		.addColumn("name", "text", (column) => column.primaryKey())
		.addColumn("seen_at", "bigint", (column) => column.notNull())
		.execute();
}
