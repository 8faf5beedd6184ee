import { type Kysely, sql } from "kysely";

/** The mirror of a remote source. See `src/mirror/mirror-store.ts`. */
export async function up(database: Kysely<unknown>): Promise<void> {
	const { schema } = database;
	await schema
		.createTable("mirror_resources")
		.addColumn("kind", "text", (column) => column.notNull())
		.addColumn("id", "text", (column) => column.notNull())
		.addColumn("revision", "bigint")
		.addColumn("requested_at", "bigint", (column) => column.notNull())
		.addColumn("sequence", "bigint", (column) => column.notNull())
		.addColumn("content", "text")
		.addPrimaryKeyConstraint("mirror_resources_pk", ["kind", "id"])
		.execute();
	await schema.createIndex("mirror_resources_sequence").on("mirror_resources").column("sequence").execute();
	await schema
		.createIndex("mirror_resources_deleted")
		.on("mirror_resources")
		.columns(["kind", "requested_at"])
		.where(sql.ref("content"), "is", null)
		.execute();
	await schema
		.createTable("mirror_keys")
		.addColumn("kind", "text", (column) => column.notNull())
		.addColumn("name", "text", (column) => column.notNull())
		.addColumn("value", "text", (column) => column.notNull())
		.addColumn("id", "text", (column) => column.notNull())
		.addPrimaryKeyConstraint("mirror_keys_pk", ["kind", "name", "value", "id"])
		.execute();
	await schema.createIndex("mirror_keys_resource").on("mirror_keys").columns(["kind", "id"]).execute();
	await schema
		.createTable("mirror_meta")
		.addColumn("name", "text", (column) => column.primaryKey())
		.addColumn("value", "text", (column) => column.notNull())
		.execute();
	await schema
		.createTable("mirror_state")
		.addColumn("sequence", "bigint", (column) => column.notNull())
		.addColumn("purged_sequence", "bigint", (column) => column.notNull())
		.execute();
	await sql`insert into mirror_state (sequence, purged_sequence) values (0, 0)`.execute(database);
}
