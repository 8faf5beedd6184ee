/** The mirror in a real PostgreSQL. */
import { sql } from "kysely";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { createChangeHandler } from "../../src/mirror/change-handler.ts";
import { createDoubts } from "../../src/mirror/doubts.ts";
import { createInstanceReads } from "../../src/mirror/instance-reads.ts";
import { openMirrorStore } from "../../src/mirror/open-mirror-store.ts";
import { createResourceReads } from "../../src/mirror/resource-reads.ts";
import type { ResourceReader } from "../../src/source/remote-source.ts";
import type { Resource } from "../../src/source/resource.ts";
import { openDatabase } from "../../src/store/database.ts";
import { RejectedStatementError } from "../../src/store/rejected-statement.ts";
import { storesMirror } from "../mirror-store-contract.ts";
import { hasPostgres, type PostgresServer, startPostgres } from "./postgres-server.ts";

describe.skipIf(!hasPostgres)("PostgreSQL (apt-get install postgresql)", () => {
	let server: PostgresServer;

	beforeAll(() => {
		server = startPostgres();
	});

	afterAll(() => server.stop());

	storesMirror(async () => ({ postgres: server.createDatabase() }));

	test("statements about the whole mirror may take longer than a guest would wait", async () => {
		const state = await openDatabase({ postgres: server.createDatabase() });
		onTestFinished(() => state.close());
		const open = (sourceId: string) => openMirrorStore(state, { sourceId, userData: true });
		const store = await open("cloud");
		await store.apply({ deletes: [{ kind: "network", id: "lan", requestedAt: 1 }] });
		await state.write(async (database) => {
			await sql`create function delay() returns trigger as 'begin perform pg_sleep(2.5); return null; end' language plpgsql`.execute(
				database,
			);
			await sql`create trigger slow before delete on mirror_resources for each statement execute function delay()`.execute(
				database,
			);
		});
		const remove = state.write((database) => database.deleteFrom("mirror_resources").execute());
		await expect(remove).rejects.toThrow("timeout");
		await store.purge(2);
		const deleted = async () => (await store.read([{ kind: "network", ids: ["lan"] }])).deleted.length;
		expect(await deleted()).toBe(0);
		await store.setMeta("reconciledAt", 1);
		expect(await (await open("another")).getMeta("reconciledAt")).toBeUndefined();
	});

	test("closing the database does not wait for such a statement", async () => {
		const state = await openDatabase({ postgres: server.createDatabase() });
		const sleeping = state.maintain((database) => sql`select pg_sleep(30)`.execute(database)).catch(({ code }) => code);
		await expect
			.poll(async () => {
				const { rows } = await state.read((database) =>
					sql<{ count: number }>`select count(*) from pg_stat_activity where query like '%pg_sleep(30)%'
						and pid <> pg_backend_pid()`.execute(database),
				);
				return rows[0]?.count;
			})
			.toBe(1);
		const startedAt = performance.now();
		await state.close();
		expect(performance.now() - startedAt).toBeLessThan(5000);
		expect(await sleeping).toBe("state");
	});

	test("a port whose device is a text that PostgreSQL rejects is stored like any other", async () => {
		const state = await openDatabase({ postgres: server.createDatabase() });
		onTestFinished(() => state.close());
		const store = await openMirrorStore(state, { sourceId: "cloud", userData: true });
		await expect(store.read([{ kind: "server", ids: ["a\0b"] }])).rejects.toThrow(RejectedStatementError);
		const port: Resource<"port"> = {
			...{ kind: "port", id: "port", requestedAt: 1 },
			content: {
				...{ id: "port", name: "", network_id: "net", mac_address: "fa:16:3e:00:00:01", fixed_ips: [] },
				...{ device_id: "a\0b", device_owner: "compute:x" },
				...{ security_groups: [], allowed_address_pairs: [], tags: [] },
			},
		};
		const reader = {
			byId: async (kind: string, ids: readonly string[]) => ({
				resources: kind === "port" ? [port] : [],
				gone: kind === "port" ? [] : ids,
				...{ unreadable: [], requestedAt: 1 },
			}),
		} as unknown as ResourceReader;
		const clock = { now: () => 1, sleep: async () => {} };
		const { signal } = new AbortController();
		const doubts = createDoubts(clock.now);
		const reads = createResourceReads({ reader, store, clock, signal, doubts, onUnreadable: () => {} });
		const handle = createChangeHandler(store, reads, createInstanceReads(reads, store, { dhcpPorts: false }));
		await handle({ kind: "port", id: "port" });
		const { resources } = await store.read([{ kind: "port", ids: ["port"] }]);
		expect(resources).toMatchObject([{ content: { device_id: "a\0b" } }]);
	});
});
