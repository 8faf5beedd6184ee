/** Keeps an instance's requests in few rows. */
import { type Kysely, sql, type Transaction } from "kysely";
import type { StateDatabase, StateTables } from "./database.ts";

/** Merges stored pieces, the oldest first, into one that holds the latest requests. */
export type MergeRequests = (pieces: readonly string[]) => { readonly content: string; readonly count: number };

/** Instances per transaction. */
const CHUNK = 50;

/** Replaces the rows of each instance by one. Other processes may append meanwhile. */
export async function compactRequests(
	database: Kysely<StateTables>,
	instanceIds: readonly string[],
	merge: MergeRequests,
	elementsOf: StateDatabase["elementsOf"],
): Promise<void> {
	for (let at = 0; at < instanceIds.length; at += CHUNK) {
		const ids = instanceIds.slice(at, at + CHUNK);
		await database.transaction().execute((transaction) => compactSome(transaction, ids, merge, elementsOf));
	}
}

async function compactSome(
	database: Transaction<StateTables>,
	ids: readonly string[],
	merge: MergeRequests,
	elementsOf: StateDatabase["elementsOf"],
): Promise<void> {
	const query = database.selectFrom("history_requests").selectAll().where("instance_id", "in", ids);
	const rows = Map.groupBy(await query.orderBy("at").orderBy("writer").execute(), ({ instance_id }) => instance_id);
	const several = [...rows.values()].filter(({ length }) => length > 1);
	if (several.length === 0) return;
	const superseded = several.flatMap((own) =>
		own.slice(0, -1).map(({ instance_id, at, writer }) => ({ instance_id, at, writer })),
	);
	await sql`delete from history_requests where (instance_id, at, writer) in (
		select value ->> 'instance_id', cast(value ->> 'at' as bigint), value ->> 'writer'
		from ${elementsOf(JSON.stringify(superseded))})`.execute(database);
	for (const own of several) {
		const last = own.at(-1) as (typeof own)[number];
		await database
			.updateTable("history_requests")
			.set(merge(own.map(({ content }) => content)))
			.where("instance_id", "=", last.instance_id)
			.where("at", "=", last.at)
			.where("writer", "=", last.writer)
			.execute();
	}
}
