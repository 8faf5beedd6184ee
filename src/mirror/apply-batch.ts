/** Writes of the mirror's tables. */
import { type Kysely, sql, type Transaction } from "kysely";
import type { ServerFacts } from "../instance/facts.ts";
import { type Resource, type ResourceKind, textOfName } from "../source/resource.ts";
import { chunks } from "../store/chunks.ts";
import type { StateDatabase, StateTables } from "../store/database.ts";
import { keysOf } from "./keys.ts";
import type { KnownTimes } from "./known-times.ts";
import type { AppliedBatch, Batch, ChangedResource } from "./mirror-store.ts";

const USER_DATA = "OS-EXT-SRV-ATTR:user_data";

/** See `MirrorStore.apply`. Transactions take turns, so that numbers are committed in their order. */
export function applyBatch(
	database: Kysely<StateTables>,
	batch: Batch,
	announce: StateDatabase["announce"],
	times: KnownTimes,
): Promise<AppliedBatch> {
	return database.transaction().execute(async (transaction) => {
		const { sequence } = await transaction
			.updateTable("mirror_state")
			.set(({ eb }) => ({ sequence: eb("sequence", "+", 1) }))
			.returning("sequence")
			.executeTakeFirstOrThrow();
		const { rows, resources } = rowsOf(batch, sequence);
		for (const some of chunks(rows)) await upsert(transaction, some, times.latest());
		const changed = await changedBy(transaction, sequence);
		if (changed.length === 0) {
			await transaction
				.updateTable("mirror_state")
				.set({ sequence: sequence - 1 })
				.execute();
			return { sequence: sequence - 1, changed };
		}
		await replaceKeys(transaction, changed, resources);
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

/** One row for each resource, the newest: a statement can't write a row twice. */
function rowsOf({ upserts = [], deletes = [] }: Batch, sequence: number) {
	const rows = new Map<string, Row>();
	const resources = new Map<string, Resource>();
	const put = (name: string, row: Row) => {
		const before = rows.get(name);
		if (before !== undefined && !isNewer(row, before)) return false;
		rows.set(name, row);
		return true;
	};
	for (const resource of upserts) {
		const { kind, id, revision = null, requestedAt, content } = resource;
		const row = { kind, id, revision, requested_at: requestedAt, sequence, content: JSON.stringify(content) };
		if (put(textOfName(resource), row)) resources.set(textOfName(resource), resource);
	}
	for (const { requestedAt, ...name } of deletes) {
		put(textOfName(name), { ...name, revision: null, requested_at: requestedAt, sequence, content: null });
	}
	return { rows: [...rows.values()], resources };
}

/** Overlapping requests may be answered in any order. Revisions tell it, but not every kind has them. */
function isNewer({ revision, requested_at: at }: Row, before: Row): boolean {
	const areRevised = revision !== null && before.revision !== null && revision !== before.revision;
	return areRevised ? revision > (before.revision ?? 0) : at >= before.requested_at;
}

/** As `isNewer`. @param latest see KnownTimes */
async function upsert(transaction: Transaction<StateTables>, rows: readonly Row[], latest: number): Promise<void> {
	const [stored, added] = [sql.table("mirror_resources"), sql.table("excluded")];
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
				.where(
					sql<boolean>`case when ${stored}.revision <> ${added}.revision then ${stored}.revision < ${added}.revision
						else ${stored}.requested_at <= ${added}.requested_at or ${stored}.requested_at > ${latest} end`,
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
	resources: ReadonlyMap<string, Resource>,
): Promise<void> {
	for (const [kind, names] of Map.groupBy(changed, (resource) => resource.kind)) {
		for (const some of chunks(names)) {
			const ids = some.map(({ id }) => id);
			await transaction.deleteFrom("mirror_keys").where("kind", "=", kind).where("id", "in", ids).execute();
		}
	}
	const kept = new Set(changed.filter(({ deleted }) => !deleted).map(textOfName));
	const keys = [...resources].flatMap(([name, resource]) => (kept.has(name) ? keyRows(resource) : []));
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
