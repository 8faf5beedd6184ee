import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Kysely } from "kysely";
import { afterEach, beforeEach, expect, it } from "vitest";
import { openOlderState } from "../../../test/older-state.ts";
import type { StateDatabase, StateTables } from "../database.ts";
import { createHistoryStore } from "../history-store.ts";

const NETWORK = "openstack/latest/network_data.json";
const META = "openstack/latest/meta_data.json";

let folder: string;
let state: StateDatabase;
beforeEach(async () => {
	folder = await mkdtemp(join(tmpdir(), "guestwire-migration-"));
});
afterEach(async () => {
	await state.close();
	await rm(folder, { recursive: true });
});

async function openOlder(fill: (database: Kysely<StateTables>) => Promise<unknown>): Promise<void> {
	state = await openOlderState({ sqlite: join(folder, "state.db") }, "0007-client-evidence", fill);
}

const line = (id: string, client: string | null) => ({
	...{ instance_id: id, first_at: 1, last_at: 1, last_status: 200, requests: 1, failures: 0, client },
	...{
		client_traits: 0,
		client_certainty: 0,
		user_agent: "",
		node: "n",
		outdated_at: 1,
		compared_at: null,
		sequence: 1,
	},
});

it("forgets answers with metadata, whose digests can no longer be compared, and what was found with them", async () => {
	await openOlder(async (database) => {
		await database.insertInto("history_instances").values(line("vm", "cloud-init@24.1")).execute();
		for (const path of [NETWORK, META]) {
			const answer = { instance_id: "vm", path, digest: "d", at: 1, status: 200, bytes: 2, user_agent: "" };
			await database
				.insertInto("history_documents")
				.values({ ...answer, listener: "", node: "n" })
				.execute();
			const version = { instance_id: "vm", path, digest: "d", first_at: 1, last_at: 1 };
			await database
				.insertInto("history_versions")
				.values({ ...version, content: Buffer.from("x") })
				.execute();
		}
	});
	const store = createHistoryStore(state);
	expect((await store.instance("vm"))?.outdated_at).toBeNull();
	expect((await store.documents("vm")).map(({ path }) => path)).toEqual([NETWORK]);
	expect([await store.versions("vm", NETWORK), await store.versions("vm", META)]).toEqual([[expect.anything()], []]);
});

it("sets the certainty of clients known by their paths or user agents, and none for tools", async () => {
	const clients = ["cloud-init@24.1", "curl@8.5.0", "cloud-init", "talos", "curl", "wget", null];
	await openOlder(async (database) => {
		await database
			.insertInto("history_instances")
			.values(clients.map((client, index) => line(`vm-${index}`, client)))
			.execute();
	});
	const { instances } = await createHistoryStore(state).instancesSince(0);
	const certainties = new Map(instances.map((instance) => [instance.client, instance.client_certainty]));
	expect(clients.map((client) => certainties.get(client))).toEqual([2, 0, 1, 1, 0, 0, 0]);
});
