/** The mirror in a real PostgreSQL. */
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
