import { type Kysely, sql } from "kysely";

/** What is known about each guest's program, of all processes and nodes. See `src/service/request-history/client.ts`. */
export async function up(database: Kysely<unknown>): Promise<void> {
	for (const column of ["client_traits", "client_certainty"]) {
		await database.schema
			.alterTable("history_instances")
			.addColumn(column, "integer", (definition) => definition.notNull().defaultTo(0))
			.execute();
	}
	// Only user agents have named versions so far.
	await sql`update history_instances set client_certainty = 2
		where client like '%@%' and client not like 'curl@%' and client not like 'wget@%'`.execute(database);
	await sql`update history_instances set client_certainty = 1
		where client not like '%@%' and client not in ('curl', 'wget')`.execute(database);
	// Metadata was stored with its secrets, and with plain digests: those of now differ.
	for (const table of ["history_documents", "history_versions"]) {
		await sql`delete from ${sql.table(table)} where path like 'openstack/%/meta_data.json'`.execute(database);
	}
	await sql`update history_instances set outdated_at = null`.execute(database);
}
