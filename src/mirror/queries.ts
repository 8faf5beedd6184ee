/** Reads of the mirror's tables. */
import { CompiledQuery, type Kysely, sql } from "kysely";
import { LRUCache } from "lru-cache";
import { getOrInsert } from "../get-or-insert.ts";
import type { Resource, ResourceKind, ResourceName } from "../source/resource.ts";
import type { StateTables } from "../store/database.ts";
import type { KnownTimes } from "./known-times.ts";
import type { ChangesSince, Selector, Snapshot } from "./mirror-store.ts";

type Database = Kysely<StateTables>;

/** More changes than this are not listed one by one. */
const MAX_CHANGES = 10_000;

/** Stands for the number of the last batch among the rows of `readSelected`. */
const SEQUENCE_ROW = "sequence";

/** Texts of `readSelected`'s statements for each engine: building one takes longer than running it. */
const texts = new WeakMap<Database, LRUCache<string, string>>();
const MOST_TEXTS = 500;

/** One statement, so that all rows are of one moment. */
export async function readSelected(
	database: Database,
	selectors: readonly Selector[],
	times: KnownTimes,
): Promise<Snapshot> {
	const wanted = selectors.filter((selector) => valuesOf(selector).length > 0);
	const known = getOrInsert(texts, database, () => new LRUCache<string, string>({ max: MOST_TEXTS }));
	const shape = wanted.map(shapeOf).join();
	const text = known.get(shape) ?? selectedBy(database, wanted).compile().sql;
	known.set(shape, text);
	const { rows } = await database.executeQuery<ResourceRow>(CompiledQuery.raw(text, wanted.flatMap(parametersOf)));
	return snapshotOf(rows, times);
}

const valuesOf = (selector: Selector) => ("ids" in selector ? selector.ids : selector.values);

/** The same for selectors whose statements differ in their parameters only. */
const shapeOf = (selector: Selector) => `${"ids" in selector ? "ids" : "key"} ${valuesOf(selector).length}`;

/** In the order of `selected`. */
function parametersOf(selector: Selector): readonly string[] {
	const { kind } = selector;
	return "ids" in selector ? [kind, ...selector.ids] : [kind, kind, selector.key, ...selector.values];
}

function selectedBy(database: Database, selectors: readonly Selector[]) {
	let query = database
		.selectFrom("mirror_state")
		.select([
			sql.lit(SEQUENCE_ROW).as("kind"),
			sql.lit("").as("id"),
			sql<number | null>`null`.as("revision"),
			"sequence as requested_at",
			sql<string | null>`null`.as("content"),
		]);
	for (const selector of selectors) query = query.unionAll(selected(database, selector));
	return query;
}

function snapshotOf(rows: readonly ResourceRow[], times: KnownTimes): Snapshot {
	const byName = new Map(rows.map((row) => [`${row.kind} ${row.id}`, row]));
	const found = Array.from(byName.values().filter(({ kind }) => kind !== SEQUENCE_ROW));
	const resources = found.filter(({ content }) => content !== null).map((row) => resourceOf(row, times));
	resources.sort((a, b) => compare(a.kind, b.kind) || compare(a.id, b.id));
	const deleted = found
		.filter(({ content }) => content === null)
		.map(({ kind, id, requested_at }) => ({ kind: kind as ResourceKind, id, requestedAt: times.of(requested_at) }));
	return { sequence: rows.find(({ kind }) => kind === SEQUENCE_ROW)?.requested_at ?? 0, resources, deleted };
}

function selected(database: Database, selector: Selector) {
	const resources = database
		.selectFrom("mirror_resources")
		.select(["kind", "id", "revision", "requested_at", "content"])
		.where("kind", "=", selector.kind);
	if ("ids" in selector) return resources.where("id", "in", [...selector.ids]);
	// Not a join: SQLite might read all resources of the kind to look each up among the keys.
	const ids = database
		.selectFrom("mirror_keys")
		.select("mirror_keys.id")
		.where("mirror_keys.kind", "=", selector.kind)
		.where("name", "=", selector.key)
		.where("value", "in", [...selector.values]);
	return resources.where("content", "is not", null).where("id", "in", ids);
}

export interface ResourceRow {
	readonly kind: string;
	readonly id: string;
	readonly revision: number | null;
	readonly requested_at: number;
	readonly content: string | null;
}

export function resourceOf({ kind, id, revision, requested_at, content }: ResourceRow, times: KnownTimes): Resource {
	const resource = { kind, id, requestedAt: times.of(requested_at), content: JSON.parse(content ?? "null") };
	return (revision === null ? resource : { ...resource, revision }) as Resource;
}

export async function lastSequence(database: Database): Promise<number> {
	return (await database.selectFrom("mirror_state").select("sequence").executeTakeFirstOrThrow()).sequence;
}

export async function changesSince(database: Database, sequence: number): Promise<ChangesSince> {
	const rows = await database
		.selectFrom("mirror_state")
		.leftJoin("mirror_resources", (join) => join.on("mirror_resources.sequence", ">", sequence))
		.select(["mirror_state.sequence", "purged_sequence", "kind", "id"])
		.limit(MAX_CHANGES + 1)
		.execute();
	const [first] = rows;
	const last = first?.sequence ?? 0;
	if (sequence < (first?.purged_sequence ?? 0) || rows.length > MAX_CHANGES)
		return { sequence: last, changed: undefined };
	const changed = rows.flatMap(({ kind, id }): ResourceName[] =>
		kind === null || id === null ? [] : [{ kind: kind as ResourceKind, id }],
	);
	return { sequence: last, changed };
}

/** Forgets deletions, and remembers up to which batch `changesSince` is incomplete now. */
export async function purge(database: Database, requestedBefore: number): Promise<void> {
	await database.transaction().execute(async (transaction) => {
		const purged = await transaction
			.deleteFrom("mirror_resources")
			.where("content", "is", null)
			.where("requested_at", "<", requestedBefore)
			.returning("sequence")
			.execute();
		const last = purged.reduce((highest, { sequence }) => Math.max(highest, sequence), 0);
		if (last === 0) return;
		await transaction
			.updateTable("mirror_state")
			.set({ purged_sequence: last })
			.where("purged_sequence", "<", last)
			.execute();
	});
}

function compare(a: string, b: string): number {
	return a < b ? -1 : a > b ? 1 : 0;
}
