import { setTimeout } from "node:timers/promises";
import { beforeEach, expect, onTestFinished, test } from "vitest";
import { GuestwireError } from "../errors.ts";
import type { ChangeSignals, RemoteSource, SignalHandler } from "../source/remote-source.ts";
import type { Resource, ResourceKind } from "../source/resource.ts";
import { openDatabase, type StateDatabase } from "../store/database.ts";
import type { Clock } from "./clock.ts";
import { noEvents } from "./mirror-events.ts";
import type { MirrorStore } from "./mirror-store.ts";
import { openMirror } from "./open-mirror.ts";
import { openMirrorStore } from "./open-mirror-store.ts";

/** Time passes this much faster. */
const SPEED = 100;
const startedAt = Date.now();
/** By how much the clock is ahead of the time, in milliseconds. */
let ahead = 0;
const clock: Clock = {
	now: () => startedAt + performance.now() * SPEED + ahead,
	sleep: (milliseconds, signal) => setTimeout(milliseconds / SPEED, undefined, { signal, ref: false }),
};
const SOON = { timeout: 10_000, interval: 5 };
const away = new GuestwireError("cloud-unavailable", "the API is away");
const DETAILS = { interfaceAttachments: [], volumeAttachments: [] };
const network: Resource<"network"> = {
	...{ kind: "network", id: "lan", requestedAt: 1, revision: 1 },
	content: { id: "lan", name: "lan", mtu: 1500, tags: [] },
};

/**
 * A cloud that has one network. A bus reports its changes, and a poll those of its trunks.
 *
 * @param failures pages that fail at first
 * @param kinds those with a listing
 */
function createCloud(failures = 0, kinds: readonly ResourceKind[] = ["network", "trunk", "security_group"]) {
	let left = failures;
	/** Readings of servers' details, and how many of the next ones fail. */
	const details = { read: 0, failures: 0 };
	/** The kinds that were compared with the mirror, and those whose comparison fails. */
	const compared: ResourceKind[] = [];
	const failing = new Set<ResourceKind>();
	let isReadable = true;
	const handlers = new Map<string, SignalHandler>();
	const nothing = () => ({ resources: [], gone: [], unreadable: [], requestedAt: clock.now() });
	const resources: RemoteSource["resources"] = {
		kinds,
		async page() {
			if (left-- > 0) throw away;
			return { resources: [], unreadable: [] };
		},
		async revisionPage(kind) {
			compared.push(kind);
			if (failing.has(kind)) throw away;
			return { revisions: [], requestedAt: clock.now() };
		},
		async byId(kind, ids) {
			if (kind === "server_details") {
				if (details.failures-- > 0) throw away;
				details.read++;
				return { ...nothing(), resources: ids.map((id) => ({ kind, id, requestedAt: clock.now(), content: DETAILS })) };
			}
			const unreadable = ids.map((id) => ({ kind, id, reason: "an odd record" }));
			if (!isReadable) return { ...nothing(), unreadable };
			return { ...nothing(), resources: [{ ...network, requestedAt: clock.now() }] };
		},
		referringTo: async () => nothing(),
	};
	const signal = (name: ChangeSignals["name"], neededFor: ChangeSignals["neededFor"]): ChangeSignals => ({
		name,
		neededFor,
		listen(handler) {
			handlers.set(name, handler);
			// It takes time to connect.
			void setTimeout(10).then(() => handler.onGap(undefined));
			return async () => {};
		},
	});
	const signals = [signal("bus", "every kind"), signal("trunk-revisions", ["trunk"])];
	return {
		...{ compared, failing, handlers, details },
		remote: { resources, signals, close: async () => {} } as unknown as RemoteSource,
		spoil: (isSpoilt: boolean) => {
			isReadable = !isSpoilt;
		},
	};
}

let state: StateDatabase;
let store: MirrorStore;
beforeEach(async () => {
	state = await openDatabase("memory");
	onTestFinished(() => state.close());
	store = await openMirrorStore(state, { sourceId: "cloud", userData: true });
});

/** A mirror whose watcher has filled it, and whose signals work. */
async function watched({
	sweepSeconds = 1_000_000,
	failures = 0,
	kinds = undefined as ResourceKind[] | undefined,
} = {}) {
	const cloud = createCloud(failures, kinds);
	const { source } = await openMirror(cloud.remote, {
		...{ store, freshness: 15, userData: true, profile: "full", sweepSeconds, pollSeconds: 0, clock },
	});
	onTestFinished(() => source.close());
	await expect.poll(() => cloud.handlers.size, SOON).toBe(2);
	const becomesCurrent = async () => {
		const now = clock.now();
		await expect.poll(async () => (await store.getMeta("current")) ?? 0, SOON).toBeGreaterThan(now);
	};
	await becomesCurrent();
	const [bus, trunks] = ["bus", "trunk-revisions"].map((name) => cloud.handlers.get(name)) as [
		SignalHandler,
		SignalHandler,
	];
	return { ...cloud, bus, trunks, becomesCurrent };
}

test.each([0, 2])(
	"what is filled while the signals work is current without a comparison, even if the API fails %i times",
	async (failures) => {
		const { compared } = await watched({ failures });
		expect(compared).toEqual([]);
		const { startedAt, finishedAt } = (await store.getMeta("fill")) ?? {};
		expect(finishedAt).toBeGreaterThan(0);
		expect(await store.getMeta("reconciledAt")).toBeLessThanOrEqual(startedAt ?? 0);
	},
);

test("a poll that fails and works again costs no comparison, and meanwhile only its own kinds are not proven", async () => {
	const { compared, trunks, becomesCurrent } = await watched();
	const unproven = () => store.getMeta("unproven");
	expect(await unproven()).toEqual([]);
	trunks.onDown("the API is away");
	await expect.poll(unproven, SOON).toEqual(["trunk"]);
	await becomesCurrent();
	trunks.onUp();
	await expect.poll(unproven, SOON).toEqual([]);
	await becomesCurrent();
	expect(compared).toEqual([]);
});

test("while the bus is down, nothing is current", async () => {
	const { bus, becomesCurrent } = await watched();
	bus.onDown("the broker is away");
	await setTimeout(50);
	const current = await store.getMeta("current");
	await setTimeout(50);
	expect(await store.getMeta("current")).toBe(current);
	bus.onGap(clock.now());
	await becomesCurrent();
});

test("a comparison after a gap goes on after a failure with the kinds that are left, those with polls aside", async () => {
	const { compared, failing, bus, becomesCurrent } = await watched();
	failing.add("security_group");
	bus.onGap(clock.now());
	await expect.poll(() => compared.length, SOON).toBeGreaterThanOrEqual(3);
	failing.clear();
	await becomesCurrent();
	expect(new Set(compared.slice(1))).toEqual(new Set(["security_group"]));
	expect(compared[0]).toBe("network");
});

test("a comparison that is due goes on after a failure with the kinds that are left", async () => {
	const { compared, failing } = await watched({ sweepSeconds: 20 });
	failing.add("security_group");
	const tries = () => compared.filter((kind) => kind === "security_group").length;
	await expect.poll(tries, SOON).toBeGreaterThanOrEqual(3);
	const count = (kind: ResourceKind) => compared.filter((one) => one === kind).length;
	expect([count("network"), count("trunk")]).toEqual([1, 1]);
	failing.clear();
	await expect.poll(() => count("network"), SOON).toBeGreaterThan(1);
});

test("what could not be read is read again within about a minute, without a comparison", async () => {
	const { compared, bus, spoil } = await watched();
	spoil(true);
	bus.onSignals([{ kind: "network", ids: ["lan"] }]);
	await expect.poll(() => store.getMeta("doubtful"), SOON).toEqual(["network lan"]);
	spoil(false);
	await expect.poll(() => store.getMeta("doubtful"), SOON).toEqual([]);
	expect((await store.read([{ kind: "network", ids: ["lan"] }])).resources).toMatchObject([{ id: "lan" }]);
	expect(compared).toEqual([]);
});

test("what no comparison shows is read again soon after a failure, not only after the next comparison", async () => {
	const { compared, details, bus } = await watched({ kinds: ["server"] });
	await store.apply({ upserts: [{ kind: "server_details", id: "vm", requestedAt: 1, content: DETAILS }] });
	details.failures = 1;
	bus.onGap(clock.now());
	await expect.poll(() => details.read, SOON).toBe(1);
	expect(compared).toEqual(["server"]);
});

test("once the clock was put back, details that are read then count as current", async () => {
	onTestFinished(() => {
		ahead = 0;
	});
	ahead = 24 * 3_600_000;
	const { bus } = await watched({ kinds: ["server"] });
	const unlistedFrom = async () => (await store.getMeta("unlistedFrom")) ?? 0;
	const before = clock.now();
	bus.onGap(before);
	await expect.poll(unlistedFrom, SOON).toBeGreaterThanOrEqual(before);
	ahead = 0;
	await expect.poll(async () => (await unlistedFrom()) <= clock.now(), SOON).toBe(true);
});

test("whoever loses the lock again and again soon asks for it again each time, and says so each time", async () => {
	const locks: AbortController[] = [];
	const log: string[] = [];
	const { remote } = createCloud();
	const { source } = await openMirror(remote, {
		...{ freshness: 15, userData: true, profile: "full", sweepSeconds: 600, pollSeconds: 0, clock },
		store: {
			...store,
			async lead() {
				const lost = new AbortController();
				locks.push(lost);
				return { lost: lost.signal, release: async () => {} };
			},
		},
		events: { ...noEvents, onLog: (level, message) => void log.push(`${level}: ${message}`) },
	});
	onTestFinished(() => source.close());
	const times: number[] = [];
	for (let count = 1; count <= 8; count++) {
		await expect.poll(() => locks.length, SOON).toBe(count);
		times.push(clock.now());
		locks.at(-1)?.abort();
	}
	await expect.poll(() => locks.length, SOON).toBe(9);
	const lost =
		"warn: this process is not the mirror's watcher: the database's lock is lost, and another process may have it";
	const again = "info: this process is the mirror's watcher again";
	expect(log).toEqual(Array.from({ length: 8 }, () => [lost, again]).flat());
	// Delays that grow would be 10 s by then.
	expect((times.at(-1) ?? 0) - (times.at(-2) ?? 0)).toBeLessThan(5000);
});
