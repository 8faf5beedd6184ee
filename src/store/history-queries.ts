/** Reads of the request history's tables. */
import { type Kysely, sql } from "kysely";
import type { StateTables } from "./database.ts";

export type LastAnswer = Omit<StateTables["history_documents"], "instance_id">;
export type Refusal = StateTables["history_refusals"];

/** Rows per read: a page takes a few milliseconds. */
const PAGE = 2000;

/** The lines after a batch, as many as one page has: the sequence says how far the page goes. */
export async function instancesSince(database: Kysely<StateTables>, sequence: number) {
	const query = database.selectFrom("history_instances").selectAll().where("sequence", ">", sequence);
	const page = await query.orderBy("sequence").limit(PAGE).execute();
	const last = page.at(-1)?.sequence;
	if (last === undefined || page.length < PAGE) return { sequence: last ?? sequence, instances: page };
	// The rest of the last number's lines is read at once, so that the sequence covers them.
	const rest = database.selectFrom("history_instances").selectAll().where("sequence", "=", last);
	const seen = page.filter((row) => row.sequence < last);
	return { sequence: last, instances: [...seen, ...(await rest.execute())] };
}

export function documentsOf(database: Kysely<StateTables>, instanceId: string): Promise<LastAnswer[]> {
	return database
		.selectFrom("history_documents")
		.select(["path", "digest", "at", "status", "bytes", "user_agent", "listener", "node"])
		.where("instance_id", "=", instanceId)
		.orderBy("path")
		.execute();
}

export async function requestsOf(database: Kysely<StateTables>, instanceId: string): Promise<string[]> {
	const query = database.selectFrom("history_requests").select("content").where("instance_id", "=", instanceId);
	const rows = await query.orderBy("at").orderBy("writer").execute();
	return rows.map(({ content }) => content);
}

export function versionsOf(database: Kysely<StateTables>, instanceId: string, path: string) {
	return (
		database
			.selectFrom("history_versions as versions")
			// The last answer says when the current version was fetched last.
			.leftJoin("history_documents as answers", (join) =>
				join
					.onRef("answers.instance_id", "=", "versions.instance_id")
					.onRef("answers.path", "=", "versions.path")
					.onRef("answers.digest", "=", "versions.digest"),
			)
			.select(["versions.path", "versions.digest", "versions.first_at", "versions.content"])
			.select(
				sql<number>`case when answers.at > versions.last_at then answers.at else versions.last_at end`.as("last_at"),
			)
			.where("versions.instance_id", "=", instanceId)
			.where("versions.path", "=", path)
			.orderBy("last_at", "desc")
			.orderBy("versions.digest")
			.execute()
	);
}

/** The last batch with refusals among those that are kept; 0 if there is none. Nodes may write an older one later. */
export async function refusalSequence(database: Kysely<StateTables>): Promise<number> {
	const latest = database.selectFrom("history_refusals").select(({ fn }) => fn.max("sequence").as("sequence"));
	return Number((await latest.executeTakeFirst())?.sequence ?? 0);
}

export function pageOfRefusals(database: Kysely<StateTables>, limit: number): Promise<Refusal[]> {
	return database
		.selectFrom("history_refusals")
		.selectAll()
		.orderBy("last_at", "desc")
		.orderBy("source")
		.orderBy("reason")
		.orderBy("listener")
		.limit(limit)
		.execute();
}
