import { afterEach, beforeEach, expect, test } from "vitest";
import { GuestwireError } from "../errors.ts";
import type { FoundResources, ResourceReader } from "../source/remote-source.ts";
import type { Resource } from "../source/resource.ts";
import { openDatabase, type StateDatabase } from "../store/database.ts";
import { createDoubts } from "./doubts.ts";
import type { MirrorStore } from "./mirror-store.ts";
import { openMirrorStore } from "./open-mirror-store.ts";
import { createResourceReads } from "./resource-reads.ts";

let time: number;
let state: StateDatabase;
let store: MirrorStore;
beforeEach(async () => {
	time = 100;
	state = await openDatabase("memory");
	store = await openMirrorStore(state, { sourceId: "cloud", userData: true });
});
afterEach(() => state.close());

const NOTHING: FoundResources = { resources: [], gone: [], unreadable: [], requestedAt: 0 };
const network = (id: string, requestedAt: number): Resource => ({
	...{ kind: "network", id, requestedAt, revision: 1 },
	content: { id, name: id, mtu: 1500, tags: [] },
});

function readsOf(byId: ResourceReader["byId"]) {
	const clock = { now: () => time, sleep: async () => {} };
	return createResourceReads({
		...{ reader: { byId } as unknown as ResourceReader, store, clock, doubts: createDoubts() },
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
