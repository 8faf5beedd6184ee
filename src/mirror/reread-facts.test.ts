import { afterEach, beforeEach, expect, test } from "vitest";
import type { NetworkFacts } from "../instance/facts.ts";
import type { ResourceReader } from "../source/remote-source.ts";
import type { Resource } from "../source/resource.ts";
import { openDatabase, type StateDatabase } from "../store/database.ts";
import { createDoubts } from "./doubts.ts";
import { FACTS_VERSION } from "./facts-version.ts";
import type { MirrorStore } from "./mirror-store.ts";
import { openMirrorStore } from "./open-mirror-store.ts";
import { rereadFacts } from "./reread-facts.ts";
import { takeOver } from "./take-over.ts";

const IDS = Array.from({ length: 120 }, (_, at) => `net-${String(at).padStart(3, "0")}`);
/** Networks per page. */
const PAGE = 50;

let state: StateDatabase;
let store: MirrorStore;
let time: number;
/** What was read: pages by their first network, and networks by id. */
let read: string[];
beforeEach(async () => {
	state = await openDatabase("memory");
	store = await openMirrorStore(state, { sourceId: "cloud", userData: true });
	time = 1000;
	read = [];
});
afterEach(() => state.close());

function network(id: string, more: Partial<NetworkFacts>): Resource<"network"> {
	return { kind: "network", id, revision: 7, requestedAt: ++time, content: { id, name: id, tags: [], ...more } };
}

/** Compares with a cloud that shows the networks' MTU. */
async function reread(until = Number.POSITIVE_INFINITY): Promise<void> {
	const reader: Pick<ResourceReader, "kinds" | "page" | "byId"> = {
		kinds: ["network"],
		async byId(_, ids) {
			read.push(...ids);
			return { resources: ids.map((id) => network(id, { mtu: 1400 })), gone: [], unreadable: [], requestedAt: time };
		},
		async page(_, { marker = "" }) {
			const ids = IDS.filter((id) => id > marker).slice(0, PAGE);
			read.push(`page of ${ids[0]}`);
			const last = ids.at(-1) ?? "";
			const next = last === IDS.at(-1) ? {} : { next: last };
			return { resources: ids.map((id) => network(id, { mtu: 1400 })), unreadable: [], ...next };
		},
	};
	await rereadFacts({
		...{ reader: reader as ResourceReader, store, until, doubts: createDoubts(() => time), pace: (work) => work() },
		handle: () => Promise.reject(new Error("no change was found")),
		...{ clock: { now: () => ++time, sleep: async () => {} }, signal: new AbortController().signal },
		...{
			isReported: () => false,
			comparedAt: 0,
			unlistedFrom: 0,
			areSignalsComplete: () => true,
			userData: true,
			grace: 0,
		},
		events: { onMissedChanges: () => {} },
	});
}

const mtus = async () => {
	const { resources } = await store.read([{ kind: "network", ids: IDS }]);
	return new Set((resources as Resource<"network">[]).map(({ content }) => content.mtu));
};
const done = { network: { done: true } };

test("what another version has stored is read again, page by page, and goes on where it stopped", async () => {
	await store.apply({ upserts: IDS.map((id) => network(id, {})) });
	await store.setMeta("facts", { version: "another", kinds: done });
	await reread(0);
	expect(read).toEqual(["page of net-000"]);
	expect(await mtus()).toEqual(new Set([1400, undefined]));
	await reread();
	expect(read).toEqual(["page of net-000", "page of net-050", "page of net-100"]);
	expect([...(await mtus())]).toEqual([1400]);
	expect(await store.getMeta("facts")).toEqual({ version: FACTS_VERSION, kinds: done });
});

test("a few records are read again, those first that were read longest ago; all of them once one has another member", async () => {
	await store.setMeta("facts", { version: FACTS_VERSION, kinds: done });
	const [hidden, ...others] = IDS.map((id) => network(id, id === "net-000" ? {} : { mtu: 1400 }));
	await store.apply({ upserts: [...others, { ...(hidden as Resource<"network">), requestedAt: ++time }] });
	await reread();
	expect(read.toSorted()).toEqual(IDS.slice(1, 51));
	read = [];
	await reread();
	expect(read.toSorted()).toEqual(IDS.slice(51, 101));
	read = [];
	await reread();
	expect(read.slice(-3)).toEqual(["page of net-000", "page of net-050", "page of net-100"]);
	expect([...(await mtus())]).toEqual([1400]);
	read = [];
	await reread();
	expect(read.filter((one) => one.startsWith("page"))).toEqual([]);
});

test("a record that has changed is left to the signals and comparisons", async () => {
	await store.setMeta("facts", { version: "another", kinds: {} });
	await store.apply({ upserts: [{ ...network("net-000", { mtu: 9000 }), revision: 6 }, network("net-001", {})] });
	await reread();
	expect(await mtus()).toEqual(new Set([9000, 1400]));
	expect((await store.stats()).resources).toEqual({ network: 2 });
});

test("what a watcher of another version has stored is to be read again, also if this version has read it before", async () => {
	const facts = async () => (await store.getMeta("facts"))?.kinds;
	await store.setMeta("facts", { version: FACTS_VERSION, kinds: done });
	await takeOver(store, 1);
	await takeOver(store, 2);
	expect(await facts()).toEqual(done);
	// As versions before the first that said which facts it has.
	await store.setMeta("leader", { host: "old", pid: 7, since: 3 });
	await takeOver(store, 4);
	expect(await facts()).toEqual({});
	expect(await store.getMeta("leader")).toMatchObject({ pid: process.pid, since: 4 });
});
