/** Keeps an instance's requests in few rows. */
import type { Kysely } from "kysely";
import type { StateTables } from "./database.ts";

/** Merges stored pieces, the oldest first, into one that holds the latest requests. */
export type MergeRequests = (pieces: readonly string[]) => { readonly content: string; readonly count: number };

/** Replaces the rows of each instance by one. Other processes may append meanwhile. */
export async function compactRequests(
	database: Kysely<StateTables>,
	instanceIds: readonly string[],
	merge: MergeRequests,
): Promise<void> {
	for (const id of instanceIds) {
		await database.transaction().execute(async (transaction) => {
			const query = transaction.selectFrom("history_requests").selectAll().where("instance_id", "=", id);
			const rows = await query.orderBy("at").orderBy("writer").execute();
			const last = rows.at(-1);
			if (last === undefined || rows.length === 1) return;
			const { content, count } = merge(rows.map((row) => row.content));
			for (const { at, writer } of rows.slice(0, -1)) {
				await transaction
					.deleteFrom("history_requests")
					.where("instance_id", "=", id)
					.where("at", "=", at)
					.where("writer", "=", writer)
					.execute();
			}
			await transaction
				.updateTable("history_requests")
				.set({ content, count })
				.where("instance_id", "=", id)
				.where("at", "=", last.at)
				.where("writer", "=", last.writer)
				.execute();
		});
	}
}
