import { expect, onTestFinished, test } from "vitest";
import type { Resource } from "../source/resource.ts";
import { openDatabase } from "../store/database.ts";
import { changesOf } from "./changes.ts";
import type { Selector } from "./mirror-store.ts";
import { openMirrorStore } from "./open-mirror-store.ts";

async function storeWith(upserts: readonly Resource[]) {
	const state = await openDatabase("memory");
	onTestFinished(() => state.close());
	const store = await openMirrorStore(state, { sourceId: "cloud", userData: true });
	await store.apply({ upserts });
	return store;
}

test("many trunks with many subports can change at once", async () => {
	const trunk = (at: number): Resource => {
		const sub_ports = Array.from({ length: 80 }, (_, number) => ({
			...{ port_id: `subport ${at} ${number}`, segmentation_type: "vlan", segmentation_id: number },
		}));
		const content = { id: `trunk ${at}`, name: "", port_id: `port ${at}`, sub_ports, tags: [] };
		return { kind: "trunk", id: content.id, requestedAt: 1, content };
	};
	const trunks = Array.from({ length: 500 }, (_, at) => trunk(at));
	const store = await storeWith(trunks);
	const changes = await changesOf(store, trunks);
	const ids = changes.find(({ kind }) => kind === "port")?.ids;
	expect(ids).toHaveLength(500 * 81);
	expect(ids).toContain("subport 499 79");
});

test("servers, which may have much user data, are not read: they join nothing", async () => {
	const content = { id: "vm", name: "vm", metadata: {}, addresses: {}, security_groups: [] };
	const store = await storeWith([{ kind: "server", id: "vm", requestedAt: 1, content }]);
	const asked: Selector[] = [];
	const read: typeof store.read = (selectors) => {
		asked.push(...selectors);
		return store.read(selectors);
	};
	expect(await changesOf({ read }, [{ kind: "server", id: "vm" }])).toEqual([{ kind: "server", ids: ["vm"] }]);
	expect(asked).toEqual([]);
});
