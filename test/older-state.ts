/** A state as an older Guestwire left it. */
import { type Kysely, sql } from "kysely";
import { openDatabase, type StateDatabase, type StateLocation, type StateTables } from "../src/store/database.ts";

/** What each migration adds: columns of `history_instances`, and tables. */
const ADDED = {
	"0007-client-evidence": { columns: ["client_traits", "client_certainty"], tables: [] },
	"0008-compared-at": { columns: ["compared_at"], tables: [] },
	"0009-nodes": { columns: [], tables: ["nodes"] },
	"0010-remote-groups": { columns: [], tables: [] },
} satisfies Readonly<Record<string, { readonly columns: readonly string[]; readonly tables: readonly string[] }>>;

/**
 * Opens a state that was last used before a migration, and so applies it.
 *
 * @param fill writes what the state contains
 */
export async function openOlderState(
	location: StateLocation,
	migration: keyof typeof ADDED,
	fill: (database: Kysely<StateTables>) => Promise<unknown>,
): Promise<StateDatabase> {
	const before = await openDatabase(location);
	await before.write(async (database) => {
		await fill(database);
		for (const [name, { columns, tables }] of Object.entries(ADDED)) {
			if (name < migration) continue;
			for (const table of tables) await database.schema.dropTable(table).execute();
			for (const column of columns) await database.schema.alterTable("history_instances").dropColumn(column).execute();
			await sql`delete from kysely_migration where name = ${name}`.execute(database);
		}
	});
	await before.close();
	return openDatabase(location);
}
