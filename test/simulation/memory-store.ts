/** The mirror's storage in memory, for several simulated processes. It follows the contract of `MirrorStore`. */
import { isDeepStrictEqual } from "node:util";
import type { ServerFacts } from "../../src/instance/facts.ts";
import { keysOf } from "../../src/mirror/keys.ts";
import { createKnownTimes, type KnownTimes } from "../../src/mirror/known-times.ts";
import type { Batch, MirrorStore, Selector, Snapshot } from "../../src/mirror/mirror-store.ts";
import type { Resource, ResourceKind } from "../../src/source/resource.ts";
import type { Lock } from "../../src/store/database.ts";
import { frozenJson } from "./frozen.ts";

interface Row {
	readonly kind: ResourceKind;
	readonly id: string;
	readonly revision: number | undefined;
	readonly requestedAt: number;
	readonly sequence: number;
	/** Undefined: deleted. */
	readonly content: object | undefined;
	/** What it is found by, as `keyText` writes them. */
	readonly keys: readonly string[];
}

export interface MemoryDatabase {
	/** By kind and id. */
	readonly rows: Map<string, Row>;
	/** The names of the rows with each key. */
	readonly byKey: Map<string, Set<string>>;
	readonly meta: Map<string, unknown>;
	sequence: number;
	purged: number;
	readonly listeners: Set<() => void>;
}

export function createMemoryDatabase(): MemoryDatabase {
	return { rows: new Map(), byKey: new Map(), meta: new Map(), sequence: 0, purged: 0, listeners: new Set() };
}

/** How a process reaches the database. */
export interface Access {
	/** Runs an operation, or fails instead of it or after it. */
	run<T>(name: string, operation: () => T): Promise<T>;
	lead(signal: AbortSignal): Promise<Lock>;
	/** Milliseconds since 1970. */
	readonly now: () => number;
}

const PAGE = 3;

export function openMemoryStore(database: MemoryDatabase, { run, lead, now }: Access): MirrorStore {
	const times = createKnownTimes(now, undefined);
	async function* pages<T>(kind: ResourceKind, map: (row: Row) => T): AsyncGenerator<readonly T[]> {
		for (let after = ""; ; ) {
			const page = await run("page", () => {
				const rows = present(database, kind).filter(({ id }) => id > after);
				const sorted = rows.toSorted((a, b) => (a.id < b.id ? -1 : 1)).slice(0, PAGE);
				return sorted.map((row) => knownRow(row, times));
			});
			if (page.length > 0) yield page.map(map);
			if (page.length < PAGE) return;
			after = page.at(-1)?.id ?? "";
		}
	}
	return {
		read: (selectors) => run("read", () => read(database, selectors, times)),
		apply: (batch) => run("apply", () => apply(database, batch, times)),
		changesSince: (sequence) =>
			run("changesSince", () => {
				if (sequence === database.sequence) return { sequence, changed: [] };
				const later = [...database.rows.values()].filter((row) => row.sequence > sequence);
				const changed = later.map(({ kind, id }) => ({ kind, id }));
				return { sequence: database.sequence, changed: sequence < database.purged ? undefined : changed };
			}),
		revisions: (kind) =>
			pages(kind, ({ id, revision, requestedAt }) =>
				revision === undefined ? { id, requestedAt } : { id, revision, requestedAt },
			),
		servers: () =>
			pages("server", ({ id, content }) => {
				const { name, tenant_id: projectId } = content as ServerFacts;
				return projectId === undefined ? { id, name } : { id, name, projectId };
			}),
		scan: <Kind extends ResourceKind>(kind: Kind) => pages(kind, (row) => resourceOf(row) as Resource<Kind>),
		getMeta: (name) => run("getMeta", () => database.meta.get(name) as never),
		setMeta: (name, value) => run("setMeta", () => void database.meta.set(name, frozenMeta(value))),
		purge: (requestedBefore) => run("purge", () => purge(database, requestedBefore)),
		stats: () =>
			run("stats", () => ({ sequence: database.sequence, resources: counts(database), bytes: bytesOf(database) })),
		onChange(since, listener) {
			let reported = since;
			const check = () => {
				if (database.sequence === reported) return;
				reported = database.sequence;
				listener(reported);
			};
			check();
			database.listeners.add(check);
			return async () => void database.listeners.delete(check);
		},
		lead,
	};
}

function frozenMeta(value: unknown): unknown {
	return typeof value === "object" && value !== null ? frozenJson(value) : value;
}

function present({ rows }: MemoryDatabase, kind: ResourceKind): Row[] {
	return Array.from(rows.values().filter((row) => row.kind === kind && row.content !== undefined));
}

function resourceOf({ kind, id, revision, requestedAt, content }: Row): Resource {
	return (
		revision === undefined ? { kind, id, requestedAt, content } : { kind, id, requestedAt, content, revision }
	) as Resource;
}

const knownRow = (row: Row, times: KnownTimes): Row => ({ ...row, requestedAt: times.of(row.requestedAt) });

function read(database: MemoryDatabase, selectors: readonly Selector[], times: KnownTimes): Snapshot {
	const names = new Set<string>();
	for (const selector of selectors) {
		if ("ids" in selector) for (const id of selector.ids) names.add(`${selector.kind} ${id}`);
		else
			for (const value of selector.values)
				for (const name of database.byKey.get(keyText(selector.kind, selector.key, value)) ?? []) names.add(name);
	}
	const compare = (a: Row, b: Row) => (a.kind < b.kind || (a.kind === b.kind && a.id < b.id) ? -1 : 1);
	const rows = Array.from(names)
		.flatMap((name) => database.rows.get(name) ?? [])
		.map((row) => knownRow(row, times))
		.sort(compare);
	return {
		sequence: database.sequence,
		resources: rows.filter(({ content }) => content !== undefined).map(resourceOf),
		deleted: rows
			.filter(({ content }) => content === undefined)
			.map(({ kind, id, requestedAt }) => ({ kind, id, requestedAt })),
	};
}

const keyText = (kind: ResourceKind, name: string, value: string) => `${kind} ${name} ${value}`;

type Version = Pick<Row, "revision" | "requestedAt">;

function isNewer({ revision, requestedAt }: Version, before: Version | undefined): boolean {
	if (before === undefined) return true;
	const areRevised = revision !== undefined && before.revision !== undefined && revision !== before.revision;
	return areRevised ? revision > (before.revision ?? 0) : requestedAt >= before.requestedAt;
}

function apply(database: MemoryDatabase, { upserts = [], deletes = [] }: Batch, times: KnownTimes) {
	const sequence = database.sequence + 1;
	const changed: { kind: ResourceKind; id: string; deleted: boolean }[] = [];
	const batch = new Map<string, Omit<Row, "keys">>();
	const add = (row: Omit<Row, "keys">) => {
		const name = `${row.kind} ${row.id}`;
		if (isNewer(row, batch.get(name))) batch.set(name, row);
	};
	for (const { kind, id, revision, requestedAt, content } of upserts)
		add({ kind, id, revision, requestedAt, sequence, content: frozenJson(content) });
	for (const { kind, id, requestedAt } of deletes)
		add({ kind, id, revision: undefined, requestedAt, sequence, content: undefined });
	for (const [name, row] of batch) {
		const stored = database.rows.get(name);
		if (!isNewer(row, stored && knownRow(stored, times))) continue;
		if (stored !== undefined && isSame(stored.content, row.content)) {
			database.rows.set(name, { ...row, keys: stored.keys, sequence: stored.sequence });
			continue;
		}
		replace(database, name, row);
		changed.push({ kind: row.kind, id: row.id, deleted: row.content === undefined });
	}
	if (changed.length > 0) {
		database.sequence = sequence;
		for (const listener of database.listeners) listener();
	}
	return { sequence: database.sequence, changed };
}

const isSame = (a: object | undefined, b: object | undefined) => a === b || isDeepStrictEqual(a, b);

function replace({ rows, byKey }: MemoryDatabase, name: string, row: Omit<Row, "keys">): void {
	for (const key of rows.get(name)?.keys ?? []) byKey.get(key)?.delete(name);
	const keys =
		row.content === undefined
			? []
			: keysOf(row as unknown as Resource).map((key) => keyText(row.kind, key.name, key.value));
	for (const key of keys) {
		const names = byKey.get(key) ?? new Set();
		byKey.set(key, names.add(name));
	}
	rows.set(name, { ...row, keys });
}

function purge(database: MemoryDatabase, requestedBefore: number): void {
	for (const [name, row] of database.rows) {
		if (row.content !== undefined || row.requestedAt >= requestedBefore) continue;
		database.rows.delete(name);
		database.purged = Math.max(database.purged, row.sequence);
	}
}

function bytesOf({ rows }: MemoryDatabase): number {
	return rows.values().reduce((total, { content }) => total + JSON.stringify(content ?? null).length, 0);
}

function counts({ rows }: MemoryDatabase): Partial<Record<ResourceKind, number>> {
	const some = Array.from(rows.values()).filter(({ content }) => content !== undefined);
	return Object.fromEntries(
		Array.from(
			Map.groupBy(some, ({ kind }) => kind),
			([kind, all]) => [kind, all.length],
		),
	);
}
