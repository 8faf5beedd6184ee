import { afterEach, beforeEach, expect, test } from "vitest";
import { GuestwireError } from "../errors.ts";
import type { FoundResources, ResourceReader } from "../source/remote-source.ts";
import type { Resource } from "../source/resource.ts";
import { openDatabase, type StateDatabase } from "../store/database.ts";
import { createDoubts, type Doubts } from "./doubts.ts";
import type { MirrorStore } from "./mirror-store.ts";
import { openMirrorStore } from "./open-mirror-store.ts";
import { createResourceReads } from "./resource-reads.ts";

let time: number;
let state: StateDatabase;
let store: MirrorStore;
let doubts: Doubts;
beforeEach(async () => {
	time = 100;
	state = await openDatabase("memory");
	store = await openMirrorStore(state, { sourceId: "cloud", userData: true });
	doubts = createDoubts(() => time);
});
afterEach(() => state.close());

const NOTHING: FoundResources = { resources: [], gone: [], unreadable: [], requestedAt: 0 };
const network = (id: string, requestedAt: number): Resource => ({
	...{ kind: "network", id, requestedAt, revision: 1 },
	content: { id, name: id, mtu: 1500, tags: [] },
});

function readsOf(byId: ResourceReader["byId"], more: Partial<MirrorStore> = {}) {
	const clock = { now: () => time, sleep: async () => {} };
	return createResourceReads({
		...{ reader: { byId } as unknown as ResourceReader, store: { ...store, ...more }, clock, doubts },
		...{ signal: new AbortController().signal, onUnreadable: () => {} },
	});
}

const stored = async (id: string) => (await store.read([{ kind: "network", ids: [id] }])).resources.length > 0;

test("an absence is stored after an odd answer to the whole batch, so that no late answer brings the resource back", async () => {
	const { byId } = readsOf(async (_kind, ids) => {
		if (ids.length > 1) throw new GuestwireError("cloud-answer", "half an answer");
		return { ...NOTHING, gone: ids };
	});
	const read = (id: string) => byId({ kind: "network", id }, true);
	// The first one is read alone, the others wait for it together.
	await Promise.all(["first", "second", "third"].map(read));
	const late = ["first", "second", "third"].map((id) => network(id, time - 1));
	await store.apply({ upserts: late });
	for (const { id } of late) expect(await stored(id)).toBe(false);
});

const unreadable = [{ kind: "network", id: "lan", reason: "an odd record" } as const];

test("what could not be read stays in doubt until it is stored", async () => {
	doubts.add({ kind: "network", id: "lan" });
	let isAway = true;
	const { byId } = readsOf(async () => ({ ...NOTHING, resources: [network("lan", time)] }), {
		async apply(batch) {
			if (isAway) throw new GuestwireError("state", "the database is away");
			return store.apply(batch);
		},
	});
	await expect(byId({ kind: "network", id: "lan" })).rejects.toThrow("away");
	expect([...doubts.texts()]).toEqual(["network lan"]);
	isAway = false;
	await byId({ kind: "network", id: "lan" });
	expect([...doubts.texts()]).toEqual([]);
});

test("an answer that was requested before a doubt does not end it", async () => {
	const slow = Promise.withResolvers<void>();
	const older = readsOf(async () => {
		const requestedAt = time;
		await slow.promise;
		return { ...NOTHING, resources: [network("lan", requestedAt)] };
	});
	const reading = older.byId({ kind: "network", id: "lan" });
	time++;
	await readsOf(async () => ({ ...NOTHING, unreadable })).byId({ kind: "network", id: "lan" });
	slow.resolve();
	await reading;
	expect([...doubts.texts()]).toEqual(["network lan"]);
	await readsOf(async () => ({ ...NOTHING, resources: [network("lan", time)] })).byId({ kind: "network", id: "lan" });
	expect([...doubts.texts()]).toEqual([]);
});
