import type { Kysely } from "kysely";

/** Passwords of an unknown time count as posted now: a later launch lets the guest post another one, an earlier does not. */
export async function up(database: Kysely<unknown>): Promise<void> {
	const table = database as Kysely<{ passwords: { posted_at: number | null } }>;
	await table.updateTable("passwords").set({ posted_at: Date.now() }).where("posted_at", "is", null).execute();
}
