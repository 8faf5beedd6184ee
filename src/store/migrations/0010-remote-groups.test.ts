import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { openOlderState } from "../../../test/older-state.ts";
import { openMirrorStore } from "../../mirror/open-mirror-store.ts";

it("finds the groups of an older mirror by the groups that their rules name", async () => {
	const folder = await mkdtemp(join(tmpdir(), "guestwire-migration-"));
	onTestFinished(() => rm(folder, { recursive: true }));
	const group = (id: string, named: readonly (string | null)[]) => ({
		...{ kind: "security_group", id, revision: 1, requested_at: 1, sequence: 0 },
		content: JSON.stringify({
			id,
			name: id,
			security_group_rules: named.map((remote_group_id) => ({ remote_group_id })),
		}),
	});
	const others = Array.from({ length: 120 }, (_, at) => group(`other-${at}`, [null]));
	const state = await openOlderState({ sqlite: join(folder, "state.db") }, "0010-remote-groups", async (database) => {
		const groups = [group("a", ["web", "web", null]), ...others, group("z", ["db", "web"])];
		await database.insertInto("mirror_resources").values(groups).execute();
	});
	onTestFinished(() => state.close());
	const store = await openMirrorStore(state, { sourceId: "cloud", userData: true });
	const naming = async (id: string) => {
		const { resources } = await store.read([{ kind: "security_group", key: "remote_group", values: [id] }]);
		return resources.map((one) => one.id);
	};
	expect([await naming("web"), await naming("db"), await naming("a")]).toEqual([["a", "z"], ["z"], []]);
});
