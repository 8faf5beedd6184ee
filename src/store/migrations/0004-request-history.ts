import { type Kysely, sql } from "kysely";
import type { ColumnTypes } from "./index.ts";

/** What guests requested. See `src/store/history-store.ts`. */
export async function up(database: Kysely<unknown>, { bytes }: ColumnTypes): Promise<void> {
	const { schema } = database;
	await schema
		.createTable("history_instances")
		.addColumn("instance_id", "text", (column) => column.primaryKey())
		.addColumn("first_at", "bigint", (column) => column.notNull())
		.addColumn("last_at", "bigint", (column) => column.notNull())
		.addColumn("last_status", "integer", (column) => column.notNull())
		.addColumn("requests", "bigint", (column) => column.notNull())
		.addColumn("failures", "bigint", (column) => column.notNull())
		.addColumn("client", "text")
		.addColumn("user_agent", "text", (column) => column.notNull())
		.addColumn("node", "text", (column) => column.notNull())
		.addColumn("outdated_at", "bigint")
		.addColumn("sequence", "bigint", (column) => column.notNull())
		.execute();
	await schema.createIndex("history_instances_sequence").on("history_instances").column("sequence").execute();
	await schema.createIndex("history_instances_last_at").on("history_instances").column("last_at").execute();
	await createAnswerTables(database, bytes);
	await schema
		.createTable("history_refusals")
		.addColumn("source", "text", (column) => column.notNull())
		.addColumn("reason", "text", (column) => column.notNull())
		.addColumn("listener", "text", (column) => column.notNull())
		.addColumn("count", "bigint", (column) => column.notNull())
		.addColumn("first_at", "bigint", (column) => column.notNull())
		.addColumn("last_at", "bigint", (column) => column.notNull())
		.addColumn("content", "text", (column) => column.notNull())
		.addColumn("node", "text", (column) => column.notNull())
		.addColumn("sequence", "bigint", (column) => column.notNull())
		.addPrimaryKeyConstraint("history_refusals_pk", ["source", "reason", "listener"])
		.execute();
	await schema
		.createTable("history_state")
		.addColumn("sequence", "bigint", (column) => column.notNull())
		.execute();
	await sql`insert into history_state (sequence) values (0)`.execute(database);
}

async function createAnswerTables({ schema }: Kysely<unknown>, bytes: ColumnTypes["bytes"]): Promise<void> {
	await schema
		.createTable("history_documents")
		.addColumn("instance_id", "text", (column) => column.notNull())
		.addColumn("path", "text", (column) => column.notNull())
		.addColumn("digest", "text", (column) => column.notNull())
		.addColumn("at", "bigint", (column) => column.notNull())
		.addColumn("status", "integer", (column) => column.notNull())
		.addColumn("bytes", "bigint", (column) => column.notNull())
		.addColumn("user_agent", "text", (column) => column.notNull())
		.addColumn("listener", "text", (column) => column.notNull())
		.addColumn("node", "text", (column) => column.notNull())
		.addPrimaryKeyConstraint("history_documents_pk", ["instance_id", "path"])
		.execute();
	await schema
		.createTable("history_requests")
		.addColumn("instance_id", "text", (column) => column.notNull())
		.addColumn("at", "bigint", (column) => column.notNull())
		.addColumn("writer", "text", (column) => column.notNull())
		.addColumn("count", "integer", (column) => column.notNull())
		.addColumn("content", "text", (column) => column.notNull())
		.addPrimaryKeyConstraint("history_requests_pk", ["instance_id", "at", "writer"])
		.execute();
	await schema
		.createTable("history_versions")
		.addColumn("instance_id", "text", (column) => column.notNull())
		.addColumn("path", "text", (column) => column.notNull())
		.addColumn("digest", "text", (column) => column.notNull())
		.addColumn("first_at", "bigint", (column) => column.notNull())
		.addColumn("last_at", "bigint", (column) => column.notNull())
		.addColumn("content", bytes, (column) => column.notNull())
		.addPrimaryKeyConstraint("history_versions_pk", ["instance_id", "path", "digest"])
		.execute();
}
