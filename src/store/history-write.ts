/** Writes of the request history's tables. */
import { type Kysely, sql, type Transaction } from "kysely";
import type { StateDatabase, StateTables } from "./database.ts";
import type { HistoryBatch } from "./history-store.ts";

/** Rows per statement: SQLite takes 32,766 parameters, and compiling more at a time would hold up the event loop. */
const CHUNK = 250;
/** Versions of each document. */
export const MAX_VERSIONS = 3;

type Database = Transaction<StateTables>;

/** See `HistoryStore.write`. Transactions take turns, so that numbers are committed in their order. */
export function writeBatch(
	database: Kysely<StateTables>,
	batch: HistoryBatch,
	announce: StateDatabase["announce"],
): Promise<void> {
	return database.transaction().execute(async (transaction) => {
		const { sequence } = await transaction
			.updateTable("history_state")
			.set(({ eb }) => ({ sequence: eb("sequence", "+", 1) }))
			.returning("sequence")
			.executeTakeFirstOrThrow();
		for (const rows of chunks(batch.instances)) await addInstances(transaction, rows, sequence);
		for (const rows of chunks(batch.documents)) await replaceDocuments(transaction, rows);
		for (const rows of chunks(batch.requests)) {
			const insert = transaction.insertInto("history_requests").values(rows);
			await insert.onConflict((conflict) => conflict.doNothing()).execute();
		}
		for (const rows of chunks(batch.versions)) await addVersions(transaction, rows);
		for (const rows of chunks(batch.refusals)) await addRefusals(transaction, rows, sequence);
		await announce(transaction);
	});
}

async function addInstances(database: Database, rows: HistoryBatch["instances"], sequence: number): Promise<void> {
	await database
		.insertInto("history_instances")
		.values(rows.map((row) => ({ ...row, outdated_at: null, sequence })))
		.onConflict((conflict) =>
			conflict.column("instance_id").doUpdateSet(({ ref, eb, fn }) => ({
				// Nodes write in any order: the later request counts.
				last_status: later("last_status"),
				user_agent: later("user_agent"),
				node: later("node"),
				last_at: sql<number>`case when excluded.last_at > history_instances.last_at
					then excluded.last_at else history_instances.last_at end`,
				requests: eb(ref("history_instances.requests"), "+", ref("excluded.requests")),
				failures: eb(ref("history_instances.failures"), "+", ref("excluded.failures")),
				client: fn.coalesce(ref("excluded.client"), ref("history_instances.client")),
				sequence: ref("excluded.sequence"),
			})),
		)
		.execute();
}

function later<Column extends "last_status" | "user_agent" | "node">(column: Column) {
	return sql<never>`case when excluded.last_at >= history_instances.last_at
		then ${sql.ref(`excluded.${column}`)} else ${sql.ref(`history_instances.${column}`)} end`;
}

async function replaceDocuments(database: Database, rows: HistoryBatch["documents"]): Promise<void> {
	await database
		.insertInto("history_documents")
		.values(rows)
		.onConflict((conflict) =>
			conflict
				.columns(["instance_id", "path"])
				.doUpdateSet(({ ref }) => ({
					digest: ref("excluded.digest"),
					at: ref("excluded.at"),
					status: ref("excluded.status"),
					bytes: ref("excluded.bytes"),
					user_agent: ref("excluded.user_agent"),
					listener: ref("excluded.listener"),
					node: ref("excluded.node"),
				}))
				.whereRef("history_documents.at", "<=", "excluded.at"),
		)
		.execute();
}

async function addVersions(database: Database, rows: HistoryBatch["versions"]): Promise<void> {
	await database
		.insertInto("history_versions")
		.values(rows)
		.onConflict((conflict) =>
			conflict
				.columns(["instance_id", "path", "digest"])
				.doUpdateSet(({ ref }) => ({ last_at: ref("excluded.last_at") })),
		)
		.execute();
	const ids = [...new Set(rows.map(({ instance_id }) => instance_id))];
	await sql`delete from history_versions where (instance_id, path, digest) in (
		select instance_id, path, digest from (
			select instance_id, path, digest,
				row_number() over (partition by instance_id, path order by last_at desc, digest) as place
			from history_versions where instance_id in (${sql.join(ids)})
		) as ranked where place > ${MAX_VERSIONS})`.execute(database);
}

async function addRefusals(database: Database, rows: HistoryBatch["refusals"], sequence: number): Promise<void> {
	await database
		.insertInto("history_refusals")
		.values(rows.map((row) => ({ ...row, sequence })))
		.onConflict((conflict) =>
			conflict.columns(["source", "reason", "listener"]).doUpdateSet(({ ref, eb }) => ({
				count: eb(ref("history_refusals.count"), "+", ref("excluded.count")),
				last_at: ref("excluded.last_at"),
				content: ref("excluded.content"),
				node: ref("excluded.node"),
				sequence: ref("excluded.sequence"),
			})),
		)
		.execute();
}

/** See `HistoryStore.trim`. */
export async function trim(
	database: Kysely<StateTables>,
	limits: { readonly instances: number; readonly refusals: number },
): Promise<void> {
	const surplus = database
		.selectFrom("history_instances")
		.select("instance_id")
		.orderBy("last_at", "desc")
		.limit(CHUNK * 4)
		.offset(limits.instances);
	const ids = (await surplus.execute()).map(({ instance_id }) => instance_id);
	for (const some of chunks(ids)) {
		for (const table of ["history_versions", "history_requests", "history_documents", "history_instances"] as const) {
			await database.deleteFrom(table).where("instance_id", "in", some).execute();
		}
	}
	await sql`delete from history_refusals where (source, reason, listener) in (
		select source, reason, listener from (
			select source, reason, listener, row_number() over (order by last_at desc, source) as place from history_refusals
		) as ranked where place > ${limits.refusals})`.execute(database);
}

function chunks<T>(items: readonly T[]): T[][] {
	return Array.from({ length: Math.ceil(items.length / CHUNK) }, (_, at) => items.slice(at * CHUNK, (at + 1) * CHUNK));
}
