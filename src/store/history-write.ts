/** Writes of the request history's tables. */
import { type Kysely, type RawBuilder, sql, type Transaction } from "kysely";
import { chunks } from "./chunks.ts";
import type { StateDatabase, StateTables } from "./database.ts";
import type { HistoryBatch } from "./history-store.ts";

/** Instances that one call of `trim` deletes. */
const MAX_TRIMMED = 1000;
/**
 * A guest that has not asked for longer may have been rebuilt: its requests since are another boot's, perhaps of another
 * program. Within it, a program may fetch a document in several versions. Milliseconds.
 */
export const SAME_BOOT = 600_000;
/** Versions of each document. */
export const MAX_VERSIONS = 3;

/** Rows that are written as one JSON text, which must not take long to make: of documents, and of all else. */
const DOCUMENTS_AT_ONCE = 50;
const ROWS_AT_ONCE = 2000;

type Database = Transaction<StateTables>;
type HistoryDatabase = Pick<StateDatabase, "announce" | "elementsOf" | "bytesOf">;

/** See `HistoryStore.write`. Transactions take turns, so that numbers are committed in their order. */
export function writeBatch(
	database: Kysely<StateTables>,
	batch: HistoryBatch,
	{ announce, elementsOf, bytesOf }: HistoryDatabase,
): Promise<void> {
	return database.transaction().execute(async (transaction) => {
		const instances = chunks(batch.instances, ROWS_AT_ONCE);
		const { sequence: last } = await transaction
			.updateTable("history_state")
			.set(({ eb }) => ({ sequence: eb("sequence", "+", Math.max(1, instances.length)) }))
			.returning("sequence")
			.executeTakeFirstOrThrow();
		const insert = (
			table: keyof typeof COLUMNS,
			rows: readonly object[],
			onConflict: RawBuilder<unknown>,
			{ where = ANY_ROW, sequence = last } = {},
		) =>
			insertRows(transaction, {
				...{ table, elements: elementsOf(JSON.stringify(rows)), bytesOf, sequence, where, onConflict },
			});
		const insertAll = async (...[table, rows, ...rest]: Parameters<typeof insert>) => {
			for (const some of chunks(rows, ROWS_AT_ONCE)) await insert(table, some, ...rest);
		};
		// Each part has a number of its own: readers read what has one number at once.
		for (const [at, rows] of instances.entries())
			await insert("history_instances", rows, ADD_TO_INSTANCE, { sequence: last - instances.length + 1 + at });
		// Before the answers that replace them: until when a guest got the versions that end now.
		const replaced = [...batch.versions, ...batch.absent];
		if (replaced.length > 0) await seeLastAnswers(transaction, elementsOf(JSON.stringify(keysOf(replaced))));
		await insertAll("history_documents", batch.documents, REPLACE_OLDER_DOCUMENT);
		await insertAll("history_documents", batch.absent, REPLACE_OLDER_DOCUMENT, { where: HAS_LAST_ANSWER });
		await insertAll("history_requests", batch.requests, sql`do nothing`);
		for (const rows of chunks(batch.versions, DOCUMENTS_AT_ONCE))
			await insert("history_versions", rows.map(inHexadecimal), SEE_AGAIN);
		if (batch.versions.length > 0) {
			await deleteOldVersions(transaction, elementsOf(JSON.stringify(keysOf(batch.versions))));
		}
		await insertAll("history_refusals", batch.refusals, ADD_TO_REFUSAL);
		await announce(transaction);
	});
}

/** The columns of the rows that are written as JSON. `sequence` is the batch's. */
const COLUMNS = {
	history_instances: {
		...{ instance_id: "text", first_at: "bigint", last_at: "bigint", last_status: "integer", requests: "bigint" },
		...{ client_traits: "integer", client_certainty: "integer" },
		...{ failures: "bigint", client: "text", user_agent: "text", node: "text", sequence: "bigint" },
	},
	history_documents: {
		...{ instance_id: "text", path: "text", digest: "text", at: "bigint", status: "integer", bytes: "bigint" },
		...{ user_agent: "text", listener: "text", node: "text" },
	},
	history_requests: { instance_id: "text", at: "bigint", writer: "text", count: "integer", content: "text" },
	history_versions: {
		...{ instance_id: "text", path: "text", digest: "text", first_at: "bigint", last_at: "bigint" },
		...{ content: "bytes" },
	},
	history_refusals: {
		...{ source: "text", reason: "text", listener: "text", count: "bigint", first_at: "bigint", last_at: "bigint" },
		...{ content: "text", node: "text", sequence: "bigint" },
	},
} as const satisfies { [Table in keyof StateTables]?: Partial<Record<keyof StateTables[Table], string>> };

interface Insert {
	readonly table: keyof typeof COLUMNS;
	/** See `StateDatabase.elementsOf`. */
	readonly elements: RawBuilder<unknown>;
	readonly bytesOf: StateDatabase["bytesOf"];
	readonly sequence: number;
	/** Which of the rows are written. */
	readonly where: RawBuilder<unknown>;
	readonly onConflict: RawBuilder<unknown>;
}

/** The database reads the rows from JSON: building a statement with a parameter for each value takes longer. */
async function insertRows(database: Database, insert: Insert): Promise<void> {
	const { table, elements, bytesOf, sequence, where, onConflict } = insert;
	const columns = Object.entries(COLUMNS[table]);
	const values = columns.map(([name, type]) => {
		const value = name === "sequence" ? sql<string>`${sequence}` : sql<string>`value ->> ${sql.lit(name)}`;
		return type === "bytes" ? bytesOf(value) : sql`cast(${value} as ${sql.raw(type)})`;
	});
	const names = sql.join(columns.map(([name]) => sql.ref(name)));
	const { [table]: keys } = KEYS;
	// SQLite needs "where" to tell the "on" of a conflict from that of a join.
	await sql`insert into ${sql.table(table)} (${names}) select ${sql.join(values)} from ${elements} where ${where}
		on conflict (${sql.join(keys.map((key) => sql.ref(key)))}) ${onConflict}`.execute(database);
}

const ANY_ROW = sql`true`;

const HAS_LAST_ANSWER = sql`exists (select 1 from history_documents as answers
	where answers.instance_id = value ->> 'instance_id' and answers.path = value ->> 'path')`;

const KEYS: Readonly<Record<keyof typeof COLUMNS, readonly string[]>> = {
	history_instances: ["instance_id"],
	history_documents: ["instance_id", "path"],
	history_requests: ["instance_id", "at", "writer"],
	history_versions: ["instance_id", "path", "digest"],
	history_refusals: ["source", "reason", "listener"],
};

/** What a person tries with curl, whose certainty is 0, begins no boot. */
const IS_NEW_BOOT = sql`(excluded.first_at > history_instances.last_at + ${sql.lit(SAME_BOOT)}
	and (excluded.client_traits <> 0 or excluded.client_certainty > 0))`;

/**
 * Processes see a part of a guest's requests each. Of two clients that are equally certain, the later one counts, and any
 * client of a new boot that is certain at all.
 */
const IS_BETTER_CLIENT = sql`excluded.client is not null and (
	history_instances.client is null or
	(excluded.client_certainty > 0
		and (excluded.client_certainty > history_instances.client_certainty or ${IS_NEW_BOOT})) or
	(excluded.client_certainty = history_instances.client_certainty and excluded.last_at >= history_instances.last_at))`;

/** Nodes write in any order: the later request counts. */
const ADD_TO_INSTANCE = sql`do update set
	last_status = ${later("last_status")}, user_agent = ${later("user_agent")}, node = ${later("node")},
	last_at = case when excluded.last_at > history_instances.last_at
		then excluded.last_at else history_instances.last_at end,
	requests = history_instances.requests + excluded.requests,
	failures = history_instances.failures + excluded.failures,
	client_traits = case when ${IS_NEW_BOOT} then excluded.client_traits
		else excluded.client_traits | history_instances.client_traits end,
	client = case when ${IS_BETTER_CLIENT} then excluded.client else history_instances.client end,
	client_certainty = case when ${IS_BETTER_CLIENT}
		then excluded.client_certainty
		when ${IS_NEW_BOOT} and history_instances.client_certainty > 0 then -1
		else history_instances.client_certainty end,
	sequence = excluded.sequence`;

function later(column: "last_status" | "user_agent" | "node") {
	return sql`case when excluded.last_at >= history_instances.last_at
		then ${sql.ref(`excluded.${column}`)} else ${sql.ref(`history_instances.${column}`)} end`;
}

const REPLACE_OLDER_DOCUMENT = sql`do update set
	digest = excluded.digest, at = excluded.at, status = excluded.status, bytes = excluded.bytes,
	user_agent = excluded.user_agent, listener = excluded.listener, node = excluded.node
	where history_documents.at <= excluded.at`;

const ADD_TO_REFUSAL = sql`do update set
	count = history_refusals.count + excluded.count, last_at = excluded.last_at, content = excluded.content,
	node = excluded.node, sequence = excluded.sequence`;

const SEE_AGAIN = sql`do update set last_at = case when excluded.last_at > history_versions.last_at
	then excluded.last_at else history_versions.last_at end`;

const inHexadecimal = (version: HistoryBatch["versions"][number]) => ({
	...version,
	content: Buffer.from(version.content).toString("hex"),
});

function keysOf(documents: readonly { readonly instance_id: string; readonly path: string }[]) {
	return documents.map(({ instance_id, path }) => ({ instance_id, path }));
}

/**
 * A document that is fetched again in the same version is not written: only its last answer is.
 *
 * @param documents with the members `instance_id` and `path`
 */
async function seeLastAnswers(database: Database, documents: RawBuilder<unknown>): Promise<void> {
	await sql`update history_versions set last_at = answers.at from history_documents as answers
		where answers.instance_id = history_versions.instance_id and answers.path = history_versions.path
			and answers.digest = history_versions.digest and answers.at > history_versions.last_at
			and (history_versions.instance_id, history_versions.path) in (
				select value ->> 'instance_id', value ->> 'path' from ${documents})`.execute(database);
}

/** @param instances with the member `instance_id` */
async function deleteOldVersions(database: Database, instances: RawBuilder<unknown>): Promise<void> {
	await sql`delete from history_versions where (instance_id, path, digest) in (
		select instance_id, path, digest from (
			select instance_id, path, digest,
				row_number() over (partition by instance_id, path order by last_at desc, digest) as place
			from history_versions where instance_id in (select value ->> 'instance_id' from ${instances})
		) as ranked where place > ${MAX_VERSIONS})`.execute(database);
}

/** See `HistoryStore.trim`. */
export async function trim(database: Kysely<StateTables>, instances: number): Promise<boolean> {
	const surplus = database
		.selectFrom("history_instances")
		.select("instance_id")
		.orderBy("last_at", "desc")
		.limit(MAX_TRIMMED)
		.offset(instances);
	const ids = (await surplus.execute()).map(({ instance_id }) => instance_id);
	await forget(database, ids);
	return ids.length === MAX_TRIMMED;
}

/** See `HistoryStore.forget`. */
export async function forget(database: Kysely<StateTables>, ids: readonly string[]): Promise<void> {
	for (const some of chunks(ids)) {
		for (const table of ["history_versions", "history_requests", "history_documents", "history_instances"] as const) {
			await database.deleteFrom(table).where("instance_id", "in", some).execute();
		}
	}
}

/** See `HistoryStore.trimRefusals`. Each peer has its latest, then its second latest, and so on. */
export async function trimRefusals(
	database: Kysely<StateTables>,
	limit: number,
	memberOf: StateDatabase["memberOf"],
): Promise<void> {
	const ofPeer = sql`select source, reason, listener, last_at, row_number() over (
		partition by ${memberOf("source", "peer")} order by last_at desc, source) as turn from history_refusals`;
	await sql`delete from history_refusals where (source, reason, listener) in (
		select source, reason, listener from (
			select source, reason, listener, row_number() over (order by turn, last_at desc, source) as place
			from (${ofPeer}) as in_turns
		) as ranked where place > ${limit})`.execute(database);
}
