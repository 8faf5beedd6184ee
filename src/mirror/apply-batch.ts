/** Writes of the mirror's tables. */
import { type Kysely, sql, type Transaction } from "kysely";
import type { ServerFacts } from "../instance/facts.ts";
import { type Resource, type ResourceKind, textOfName } from "../source/resource.ts";
import { chunks } from "../store/chunks.ts";
import type { StateDatabase, StateTables } from "../store/database.ts";
import { keysOf } from "./keys.ts";
import type { AppliedBatch, Batch, ChangedResource } from "./mirror-store.ts";

const USER_DATA = "OS-EXT-SRV-ATTR:user_data";

/** See `MirrorStore.apply`. Transactions take turns, so that numbers are committed in their order. */
export function applyBatch(
	database: Kysely<StateTables>,
	batch: Batch,
	announce: StateDatabase["announce"],
): Promise<AppliedBatch> {
	return database.transaction().execute(async (transaction) => {
		const { sequence } = await transaction
			.updateTable("mirror_state")
			.set(({ eb }) => ({ sequence: eb("sequence", "+", 1) }))
			.returning("sequence")
			.executeTakeFirstOrThrow();
		for (const rows of chunks(rowsOf(batch, sequence))) await upsert(transaction, rows);
		const changed = await changedBy(transaction, sequence);
		if (changed.length === 0) {
			await transaction
				.updateTable("mirror_state")
				.set({ sequence: sequence - 1 })
				.execute();
			return { sequence: sequence - 1, changed };
		}
		await replaceKeys(transaction, changed, batch.upserts ?? []);
		await announce(transaction);
		return { sequence, changed };
	});
}

/** The batch without servers' user data. See `MirrorStoreOptions.userData`. */
export function withoutUserData({ upserts = [], ...batch }: Batch): Batch {
	const strip = (resource: Resource): Resource =>
		resource.kind === "server" ? { ...resource, content: hideUserData(resource.content) } : resource;
	return { ...batch, upserts: upserts.map(strip) };
}

/** A server's members as they are stored without user data: undefined is not stored, null is. */
export function hideUserData<Server extends Partial<ServerFacts>>(server: Server): Server {
	return server[USER_DATA] ? ({ ...server, [USER_DATA]: undefined } as Server) : server;
}

type Row = StateTables["mirror_resources"];

/** One row for each resource, the one that was requested last: a statement can't write a row twice. */
function rowsOf({ upserts = [], deletes = [] }: Batch, sequence: number): readonly Row[] {
	const rows = new Map<string, Row>();
	const add = (row: Row) => {
		const name = `${row.kind} ${row.id}`;
		if ((rows.get(name)?.requested_at ?? 0) <= row.requested_at) rows.set(name, row);
	};
	for (const { kind, id, revision = null, requestedAt, content } of upserts) {
		add({ kind, id, revision, requested_at: requestedAt, sequence, content: JSON.stringify(content) });
	}
	for (const { kind, id, requestedAt } of deletes) {
		add({ kind, id, revision: null, requested_at: requestedAt, sequence, content: null });
	}
	return [...rows.values()];
}

async function upsert(transaction: Transaction<StateTables>, rows: readonly Row[]): Promise<void> {
	await transaction
		.insertInto("mirror_resources")
		.values(rows)
		.onConflict((conflict) =>
			conflict
				.columns(["kind", "id"])
				.doUpdateSet(({ ref }) => ({
					revision: ref("excluded.revision"),
					requested_at: ref("excluded.requested_at"),
					content: ref("excluded.content"),
					// Unchanged content is not a change.
					sequence: sql`case when ${ref("mirror_resources.content")} is distinct from ${ref("excluded.content")}
						then ${ref("excluded.sequence")} else ${ref("mirror_resources.sequence")} end`,
				}))
				.whereRef("mirror_resources.requested_at", "<=", "excluded.requested_at")
				// Overlapping requests may be answered in any order. Not every kind has revisions.
				.where(
					sql<boolean>`coalesce(${sql.ref("mirror_resources.revision")} <= ${sql.ref("excluded.revision")}, true)`,
				),
		)
		.execute();
}

async function changedBy(transaction: Transaction<StateTables>, sequence: number): Promise<ChangedResource[]> {
	const rows = await transaction
		.selectFrom("mirror_resources")
		.select(({ eb }) => ["kind", "id", eb("content", "is", null).as("deleted")])
		.where("sequence", "=", sequence)
		.execute();
	// SQLite's truth values are numbers.
	return rows.map(({ kind, id, deleted }) => ({ kind: kind as ResourceKind, id, deleted: Boolean(deleted) }));
}

async function replaceKeys(
	transaction: Transaction<StateTables>,
	changed: readonly ChangedResource[],
	upserts: readonly Resource[],
): Promise<void> {
	for (const [kind, resources] of Map.groupBy(changed, (resource) => resource.kind)) {
		for (const some of chunks(resources)) {
			const ids = some.map(({ id }) => id);
			await transaction.deleteFrom("mirror_keys").where("kind", "=", kind).where("id", "in", ids).execute();
		}
	}
	const kept = new Set(changed.filter(({ deleted }) => !deleted).map(textOfName));
	const latest = new Map(
		upserts.toSorted((a, b) => a.requestedAt - b.requestedAt).map((one) => [textOfName(one), one]),
	);
	const keys = [...latest].flatMap(([name, resource]) => (kept.has(name) ? keyRows(resource) : []));
	for (const rows of chunks(keys)) {
		await transaction
			.insertInto("mirror_keys")
			.values(rows)
			.onConflict((conflict) => conflict.doNothing())
			.execute();
	}
}

function keyRows(resource: Resource): StateTables["mirror_keys"][] {
	return keysOf(resource).map(({ name, value }) => ({ kind: resource.kind, name, value, id: resource.id }));
}
