import { afterEach, beforeEach, expect, test } from "vitest";
import { GuestwireError } from "../errors.ts";
import type { ResourceReader } from "../source/remote-source.ts";
import type { Resource } from "../source/resource.ts";
import { openDatabase, type StateDatabase } from "../store/database.ts";
import { createChangeHandler } from "./change-handler.ts";
import { createChangeJobs } from "./change-jobs.ts";
import { createDoubts, type Doubts } from "./doubts.ts";
import { createInstanceReads } from "./instance-reads.ts";
import { noEvents } from "./mirror-events.ts";
import type { MirrorStore } from "./mirror-store.ts";
import { openMirrorStore } from "./open-mirror-store.ts";
import { createResourceReads } from "./resource-reads.ts";
import { createRetries } from "./retries.ts";

let state: StateDatabase;
let store: MirrorStore;
let doubts: Doubts;
beforeEach(async () => {
	state = await openDatabase("memory");
	store = await openMirrorStore(state, { sourceId: "cloud", userData: true });
	doubts = createDoubts(() => 0);
});
afterEach(() => state.close());

const network = (id: string): Resource => ({
	...{ kind: "network", id, requestedAt: 1, revision: 1 },
	content: { id, name: id, mtu: 1500, tags: [] },
});

/** Jobs that read from a source, and never wait between attempts. @param fail throws for ids that can't be read */
function jobsOf(fail: (ids: readonly string[]) => void, log: string[] = []) {
	const clock = { now: () => 1, sleep: async () => {} };
	const { signal } = new AbortController();
	const byId: ResourceReader["byId"] = async (_kind, ids) => {
		fail(ids);
		return { resources: ids.map(network), gone: [], unreadable: [], requestedAt: 1 };
	};
	const reader = { byId } as unknown as ResourceReader;
	const reads = createResourceReads({ reader, store, clock, signal, doubts, onUnreadable: () => {} });
	const handle = createChangeHandler(store, reads, createInstanceReads(reads, store, { dhcpPorts: false }));
	const onLog = (_level: string, message: string) => void log.push(message);
	const retries = createRetries(clock, signal, onLog);
	return createChangeJobs({ handle, retries, clock, signal, doubts, events: { ...noEvents, onLog } });
}

const stored = async (ids: readonly string[]) =>
	(await store.read([{ kind: "network", ids }])).resources.map(({ id }) => id);

test.each([
	["an error of the program", () => new URIError("URI malformed")],
	["an odd answer", () => new GuestwireError("cloud-answer", "half an answer")],
])("%s about one resource delays no other, and ends in doubt about that resource", async (_what, error) => {
	const log: string[] = [];
	const jobs = jobsOf((ids) => {
		if (ids.includes("odd")) throw error();
	}, log);
	// The first one is read alone, the others wait for it together.
	const good = ["first", "second", "third"];
	for (const id of ["first", "odd", "second", "third"]) jobs.add({ kind: "network", id }, { signal: "bus" });
	await expect.poll(() => stored(good)).toEqual(good);
	await expect.poll(jobs.oldest).toBeUndefined();
	expect([...doubts.texts()]).toEqual(["network odd"]);
	// The mirror is updated all the time.
	expect(log).toEqual([expect.stringMatching(/^network odd can't be read: (.*URI malformed|half an answer)/)]);
});

test("a source that was away for long is asked again until it answers", async () => {
	let calls = 0;
	const jobs = jobsOf(() => {
		if (++calls <= 100) throw new GuestwireError("cloud-unavailable", "the cloud is away");
	});
	jobs.add({ kind: "network", id: "lan" }, { signal: "bus" });
	await expect.poll(() => stored(["lan"])).toEqual(["lan"]);
	await expect.poll(jobs.oldest).toBeUndefined();
	expect([...doubts.texts()]).toEqual([]);
});

test("a job whose resource can't even be in doubt, because too many are, goes on until it can be read", async () => {
	for (let n = 0; n < 1000; n++) doubts.add({ kind: "network", id: `odd-${n}` });
	let attempts = 0;
	const jobs = jobsOf(() => {
		if (++attempts < 20) throw new GuestwireError("cloud-answer", "half an answer");
	});
	jobs.add({ kind: "network", id: "late" }, { signal: "bus" });
	await expect.poll(jobs.oldest).toBeUndefined();
	expect(await stored(["late"])).toEqual(["late"]);
});
