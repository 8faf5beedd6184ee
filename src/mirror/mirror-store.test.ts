/** @module-tag slow */
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync, type SQLInputValue } from "node:sqlite";
import { Kysely } from "kysely";
import { afterAll, expect, test } from "vitest";
import { storesMirror } from "../../test/mirror-store-contract.ts";
import { turnsDuring } from "../../test/turns.ts";
import type { Resource } from "../source/resource.ts";
import { openDatabase, type StateTables } from "../store/database.ts";
import { sqliteDialect } from "../store/sqlite/dialect.ts";
import { createKnownTimes } from "./known-times.ts";
import type { Selector } from "./mirror-store.ts";
import { openMirrorStore } from "./open-mirror-store.ts";
import { readSelected } from "./queries.ts";

const folder = mkdtempSync(join(tmpdir(), "guestwire-mirror-"));
afterAll(() => rmSync(folder, { recursive: true }));

let files = 0;
const fresh = () => join(folder, `${++files}.db`);

storesMirror(async () => ({ sqlite: fresh() }));

test("only the owner can read the mirror and its lock", async () => {
	const file = fresh();
	const state = await openDatabase({ sqlite: file });
	const store = await openMirrorStore(state, { sourceId: "cloud", userData: true });
	const lock = await store.lead(new AbortController().signal);
	for (const name of [file, `${file}-mirror.lock`]) expect(statSync(name).mode & 0o777, name).toBe(0o600);
	await lock.release();
	await state.close();
});

test("every read uses an index", async () => {
	const file = fresh();
	await (await openDatabase({ sqlite: file })).close();
	const database = new DatabaseSync(file, { readOnly: true });
	const plan: string[] = [];
	const explain = sqliteDialect(async ({ sql, parameters }) => {
		const rows = database.prepare(`explain query plan ${sql}`).all(...(parameters as SQLInputValue[]));
		plan.push(...rows.map(({ detail }) => String(detail)));
		return { rows: [] };
	});
	const selectors: readonly Selector[] = [
		{ kind: "server", ids: ["a"] },
		{ kind: "network", ids: ["a", "b"] },
		{ kind: "port", key: "device", values: ["a"] },
		{ kind: "port", key: "network_address", values: ["a", "b"] },
	];
	const times = createKnownTimes(Date.now, undefined);
	await readSelected(new Kysely<StateTables>({ dialect: explain }), selectors, times);
	database.close();
	expect(plan.filter((step) => /^SCAN/.test(step))).toEqual(["SCAN mirror_state"]);
	const searches = plan.filter((step) => /^SEARCH/.test(step));
	expect(searches.filter((step) => step.includes("mirror_resources"))).toHaveLength(4);
	for (const step of searches) expect(step).toMatch(/\(kind=\? AND (id=\?|name=\? AND value=\?)\)$/);
});

test("a scan of servers with much user data is made of small turns and small pages", async () => {
	const state = await openDatabase({ sqlite: fresh() });
	const store = await openMirrorStore(state, { sourceId: "cloud", userData: true });
	const data = { "OS-EXT-SRV-ATTR:user_data": "QUJD".repeat(20_000) };
	for (let at = 0; at < 400; at += 50) {
		const upserts = Array.from({ length: 50 }, (_, number): Resource => {
			const id = `server ${String(at + number).padStart(4, "0")}`;
			const content = { ...{ id, name: id, metadata: {}, addresses: {}, security_groups: [] }, ...data };
			return { kind: "server", id, requestedAt: 1, content };
		});
		await store.apply({ upserts });
	}
	const pages: number[] = [];
	const turns = await turnsDuring(async () => {
		for await (const page of store.scan("server")) pages.push(page.length);
	});
	await state.close();
	expect(pages.reduce((sum, length) => sum + length)).toBe(400);
	expect(Math.max(...pages)).toBeLessThanOrEqual(50);
	expect(turns.longest).toBeLessThan(50);
});
