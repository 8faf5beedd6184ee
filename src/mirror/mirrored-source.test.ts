import { setTimeout } from "node:timers/promises";
import { afterEach, expect, it, vi } from "vitest";
import { GuestwireError } from "../errors.ts";
import { emptyFacts } from "../instance/empty-facts.ts";
import type { InstanceFacts, PortFacts } from "../instance/facts.ts";
import { createInstanceCache } from "../source/instance-cache.ts";
import type { RemoteSource } from "../source/remote-source.ts";
import type { Resource } from "../source/resource.ts";
import type { Change } from "../source/source.ts";
import { openDatabase, type StateDatabase } from "../store/database.ts";
import { noEvents } from "./mirror-events.ts";
import { createMirroredSource, type MirroredSourceOptions } from "./mirrored-source.ts";
import { openMirrorStore } from "./open-mirror-store.ts";

const MANY = Array.from({ length: 16 }, (_, at) => `server-${at}`);
const KINDS = ["network", "port", "server"];
/** When everything was last read, long before the facts count as current. */
const LONG_AGO = Date.now() - 3_600_000;

function server(id: string): Resource {
	const content = { id, name: id, metadata: {}, addresses: {}, security_groups: [] };
	return { kind: "server", id, requestedAt: LONG_AGO, content };
}

function port(device_id: string): Resource {
	const id = `port of ${device_id}`;
	const content = { id, name: "", network_id: "lan", mac_address: "fa:16:3e:00:00:01", device_id, fixed_ips: [] };
	const rest = { device_owner: "compute:nova", security_groups: [], allowed_address_pairs: [], tags: [] };
	return { kind: "port", id, requestedAt: LONG_AGO, content: { ...content, ...rest } } as unknown as Resource;
}

function details(id: string): Resource {
	const content = { interfaceAttachments: [], volumeAttachments: [] };
	return { kind: "server_details", id, requestedAt: LONG_AGO, content };
}

const network = {
	...{ kind: "network", id: "lan", requestedAt: LONG_AGO },
	content: { id: "lan", name: "lan", mtu: 1500, tags: [] },
} as unknown as Resource;

let state: StateDatabase;
afterEach(() => state.close());

/** A source over a mirror that has read everything long ago. */
async function mirrored(upserts: readonly Resource[], more: Partial<MirroredSourceOptions>) {
	state = await openDatabase("memory");
	const store = await openMirrorStore(state, { sourceId: "cloud", userData: true });
	await store.apply({ upserts });
	await store.setMeta("fill", {
		...{ startedAt: LONG_AGO, finishedAt: LONG_AGO },
		kinds: { network: { done: true }, port: { done: true }, server: { done: true } },
	});
	// Too old to count as current, and recent enough that nothing is read again in the background.
	await store.setMeta("reconciledAt", Date.now() - 20_000);
	const create = () =>
		createMirroredSource({
			store,
			remote: { resources: { kinds: KINDS }, signals: [] } as unknown as RemoteSource,
			instances: { refresh: () => new Promise(() => {}), complete: async () => {} },
			clock: { now: Date.now, sleep: () => new Promise(() => {}) },
			...{ events: noEvents, freshness: 15, userData: true, profile: "full", doubtful: () => new Set() },
			...more,
		});
	return { store, create };
}

it("answers at once when many guests wait, but not with an instance whose NICs may be missing", async () => {
	const known = [...MANY, "with-a-port"];
	const refreshed: string[] = [];
	const { create } = await mirrored([network, ...known.map(server), ...known.map(port), server("bare")], {
		instances: {
			refresh(id) {
				refreshed.push(id);
				return new Promise(() => {});
			},
			complete: async () => {},
		},
	});
	const source = await create();
	for (const id of MANY) void source.facts(id, "wiring");
	await expect.poll(() => refreshed).toHaveLength(MANY.length);
	expect((await source.facts("with-a-port", "wiring"))?.ports).toHaveLength(1);
	void source.facts("bare", "wiring");
	await expect.poll(() => refreshed).toContain("bare");
});

/** What the remote source answers about a server whose second port the mirror has not heard of. */
const newFacts = (): InstanceFacts => ({
	...emptyFacts("vm"),
	ports: [port("vm"), port("other")].map(({ content }) => content as PortFacts),
});

it("does not trust signals after the remote source has answered: one may have been lost", async () => {
	const refreshed: number[] = [];
	const doubtful = new Set(["port port of vm"]);
	const remote = { resources: { kinds: KINDS }, signals: [], facts: vi.fn(async () => newFacts()) };
	const { store, create } = await mirrored([network, server("vm"), port("vm")], {
		doubtful: () => doubtful,
		remote: remote as unknown as RemoteSource,
		instances: {
			refresh: async (_id, _detail, notBefore) => void refreshed.push(notBefore),
			complete: async () => {},
		},
	});
	const before = Date.now();
	const source = await create();
	const ports = async () => (await source.facts("vm", "wiring"))?.ports.length;
	expect(await ports()).toBe(2);
	expect(refreshed[0]).toBeGreaterThanOrEqual(before);
	// The signals have reported nothing.
	const answered = Date.now() + 1;
	await expect.poll(() => Date.now()).toBeGreaterThan(answered);
	await store.setMeta("current", Date.now());
	await store.apply({ upserts: [server("other")] });
	await expect.poll(source.state.verifiedAt).toBeGreaterThan(answered);
	doubtful.clear();
	expect(await ports()).toBe(2);
	// A comparison with the source proves that the second port is gone, unless it could not read a record.
	await store.setMeta("reconciledAt", Date.now() + 60_000);
	await store.apply({
		upserts: [
			{ ...server("vm"), requestedAt: LONG_AGO + 1, content: { id: "vm", security_groups: [] } } as unknown as Resource,
		],
	});
	await expect.poll(source.state.reconciledAt).toBeGreaterThan(Date.now());
	doubtful.add("port port of vm");
	remote.facts.mockRejectedValueOnce(new GuestwireError("cloud-unavailable", "the cloud is away"));
	await expect(ports()).rejects.toThrow("the cloud is away");
	doubtful.clear();
	expect(await ports()).toBe(1);
});

/** A source that the remote source has answered for once, since a record was in doubt. */
async function answeredRemotely(refresh: MirroredSourceOptions["instances"]["refresh"]) {
	const remote = { resources: { kinds: KINDS }, signals: [], facts: vi.fn(async () => newFacts()) };
	const doubtful = new Set(["port port of vm"]);
	const resources = [network, server("vm"), port("vm")];
	const { store, create } = await mirrored(resources, {
		doubtful: () => doubtful,
		remote: remote as unknown as RemoteSource,
		instances: { refresh, complete: async () => {} },
	});
	const source = await create();
	expect((await source.facts("vm", "wiring"))?.ports).toHaveLength(2);
	doubtful.clear();
	return { source, store, remote, resources };
}

it("keeps the order of answers when a reading from before the remote source's answer is still in use", async () => {
	const refresh = vi.fn(async () => {});
	const { source, store, remote, resources } = await answeredRemotely(refresh);
	const refreshed = Promise.withResolvers<void>();
	refresh.mockClear();
	refresh.mockReturnValueOnce(refreshed.promise);
	const waiting = source.facts("vm", "wiring");
	await expect.poll(() => refresh).toHaveBeenCalledOnce();
	await store.apply({ upserts: resources.map((resource) => ({ ...resource, requestedAt: Date.now() + 1000 })) });
	expect((await source.facts("vm", "wiring"))?.ports).toHaveLength(1);
	remote.facts.mockRejectedValueOnce(new GuestwireError("cloud-unavailable", "the cloud is away"));
	refreshed.reject(new Error("failed"));
	await expect(waiting).rejects.toThrow("the cloud is away");
});

it("calls the remote source again until all of an instance was read: what refers to its ports may be missing", async () => {
	const refresh = vi.fn((): Promise<void> => new Promise(() => {}));
	const { source, store, remote, resources } = await answeredRemotely(refresh);
	await store.apply({ upserts: resources.map((resource) => ({ ...resource, requestedAt: Date.now() + 1000 })) });
	refresh.mockRejectedValueOnce(new Error("failed"));
	expect((await source.facts("vm", "wiring"))?.ports).toHaveLength(2);
	expect(remote.facts).toHaveBeenCalledTimes(2);
});

it("does not treat a reading as new because of a comparison that ended after it", async () => {
	const refresh = vi.fn(async () => {});
	const { source, store, remote } = await answeredRemotely(refresh);
	const refreshed = Promise.withResolvers<void>();
	refresh.mockClear();
	refresh.mockReturnValueOnce(refreshed.promise);
	const waiting = source.facts("vm", "wiring");
	await expect.poll(() => refresh).toHaveBeenCalledOnce();
	await store.setMeta("reconciledAt", Date.now() + 60_000);
	await store.apply({
		upserts: [
			{ ...server("vm"), requestedAt: LONG_AGO + 1, content: { id: "vm", security_groups: [] } } as unknown as Resource,
		],
	});
	await expect.poll(source.state.reconciledAt).toBeGreaterThan(Date.now());
	remote.facts.mockRejectedValueOnce(new GuestwireError("cloud-unavailable", "the cloud is away"));
	refreshed.reject(new Error("failed"));
	await expect(waiting).rejects.toThrow("the cloud is away");
});

it("reports what a fill stores only once it can answer, and then that anything may have changed", async () => {
	const { store, create } = await mirrored([], {
		clock: { now: Date.now, sleep: (_, signal) => setTimeout(20, undefined, { signal }) },
	});
	const progress = { startedAt: LONG_AGO, kinds: { network: { done: true } } };
	await store.setMeta("fill", progress);
	const [source, changes, stored] = [await create(), [] as Change[], [] as Change[]];
	source.onChange?.((change) => changes.push(change));
	source.onStored((change) => stored.push(change));
	await store.setMeta("current", Date.now());
	await store.apply({ upserts: [network, port("vm")] });
	await expect.poll(() => stored).toContainEqual({ kind: "port", ids: ["port of vm"] });
	expect(changes).toEqual([]);
	// Another node may lead that does not know of a kind.
	expect(source.verifiedAge?.()).toBe(Number.POSITIVE_INFINITY);
	await store.setMeta("fill", { ...progress, kinds: { ...progress.kinds, port: { done: true } } });
	await expect.poll(() => changes).toEqual([{ kind: "everything", ids: [] }]);
	expect(stored).not.toContainEqual(changes[0]);
	await store.apply({ upserts: [server("vm")] });
	await expect.poll(() => changes.slice(1)).toEqual([{ kind: "server", ids: ["vm"] }]);
	await source.state.close();
});

it("answers other look-ups with old facts while the cloud is away, whoever made one of them a new reading", async () => {
	const away = new GuestwireError("cloud-unavailable", "the cloud is away");
	const remote = { resources: { kinds: KINDS }, signals: [], facts: () => Promise.reject(away) };
	const { create } = await mirrored([network, server("vm"), port("vm"), details("vm")], {
		remote: remote as unknown as RemoteSource,
		instances: { refresh: () => Promise.reject(away), complete: async () => {} },
	});
	let time = 0;
	const instances = createInstanceCache(await create(), { now: () => time });
	await instances.get("vm", "wiring");
	time += 2000;
	const claimed = instances.revalidate("vm", "wiring");
	expect(await instances.get("vm", "all")).toMatchObject({ id: "vm" });
	await expect(claimed).rejects.toThrow("the cloud is away");
});

it("reads an instance again only for callers that need it, and then drops the remote source's copies", async () => {
	const invalidate = vi.fn();
	const refreshed: number[] = [];
	const { create } = await mirrored([network, server("vm"), port("vm")], {
		freshness: 100_000,
		remote: {
			...{ resources: { kinds: KINDS }, signals: [], invalidate },
			facts: async () => newFacts(),
		} as unknown as RemoteSource,
		instances: {
			refresh: async (_id, _detail, notBefore) => void refreshed.push(notBefore),
			complete: async () => {},
		},
	});
	const source = await create();
	expect((await source.facts("vm", "wiring"))?.ports).toHaveLength(1);
	expect(refreshed).toEqual([]);
	invalidate.mockClear();
	const before = Date.now();
	const [reread, other] = [source.facts("vm", "wiring", undefined, true), source.facts("vm", "wiring")];
	expect(invalidate.mock.calls).toEqual([[{ kind: "server", ids: ["vm"] }]]);
	expect((await other)?.ports).toHaveLength(1);
	// The refresh has stored nothing.
	expect((await reread)?.ports).toHaveLength(2);
	expect(refreshed[0]).toBeGreaterThanOrEqual(before);
});

it("does not count the time of another node's clock, which may be ahead, as later than when it was seen", async () => {
	const { store, create } = await mirrored([network, server("vm"), port("vm")], {});
	const ahead = 600_000;
	await store.setMeta("current", Date.now() + ahead);
	const source = await create();
	const { verifiedAt } = source.state;
	// Nothing tells how old the first one is.
	expect(verifiedAt()).toBeLessThan(Date.now() - 10_000);
	await store.setMeta("current", Date.now() + ahead + 1);
	await store.apply({ upserts: [server("a")] });
	await expect.poll(verifiedAt).toBeGreaterThan(Date.now() - 10_000);
	const seen = verifiedAt();
	expect(seen).toBeLessThanOrEqual(Date.now());
	// Its watcher has died: the time ages, although it still lies ahead.
	const changed: string[] = [];
	source.onChange?.(({ ids }) => void changed.push(...ids));
	for (const id of ["b", "c"]) {
		await store.apply({ upserts: [server(id)] });
		await expect.poll(() => changed).toContain(id);
	}
	expect(verifiedAt()).toBe(seen);
});

it("reads again what rests on a kind whose signal does not work, and nothing else", async () => {
	const refreshed: string[] = [];
	const content = { id: "trunk", name: "", port_id: "port of trunked", sub_ports: [] };
	const trunk = { kind: "trunk", id: "trunk", requestedAt: LONG_AGO, content } as Resource;
	const known = ["plain", "trunked"];
	const { store, create } = await mirrored([network, trunk, ...known.map(server), ...known.map(port)], {
		remote: {
			resources: { kinds: KINDS },
			signals: [
				{ name: "bus", neededFor: "every kind" },
				{ name: "trunk-revisions", neededFor: ["trunk"] },
			],
		} as unknown as RemoteSource,
		instances: {
			refresh: async (id) => void refreshed.push(id),
			complete: async () => {},
		},
	});
	await store.setMeta("unproven", ["trunk"]);
	await store.setMeta("current", Date.now());
	const source = await create();
	for (const id of known) await source.facts(id, "wiring").catch(() => {});
	expect(refreshed).toEqual(["trunked"]);
	expect(source.verifiedAge?.("plain")).toBeLessThan(10_000);
	expect([source.verifiedAge?.("trunked"), source.verifiedAge?.()]).toEqual([Infinity, Infinity]);
});

it("reads details again that no comparison has covered since signals may have been lost", async () => {
	const refresh = vi.fn((): Promise<void> => Promise.reject(new Error("failed")));
	const { store, create } = await mirrored([network, server("vm"), port("vm"), details("vm")], {
		instances: { refresh, complete: async () => {} },
	});
	const lost = LONG_AGO + 1000;
	const source = await create();
	const changes: Change[] = [];
	source.onChange?.((change) => void changes.push(change));
	const prove = async () => {
		await store.setMeta("current", Date.now());
		await store.apply({ upserts: [server(`other at ${performance.now()}`)] });
		await expect.poll(source.state.verifiedAt).toBeGreaterThan(Date.now() - 5000);
	};
	await prove();
	expect((await source.facts("vm", "server"))?.id).toBe("vm");
	expect(refresh).not.toHaveBeenCalled();
	expect(source.verifiedAge?.("vm")).toBeLessThan(10_000);
	changes.length = 0;
	await store.setMeta("unlistedFrom", lost);
	await prove();
	await expect.poll(source.state.unlistedFrom).toBe(lost);
	// What was answered before counts no longer.
	expect(changes).toContainEqual({ kind: "server", ids: expect.arrayContaining(["vm"]) });
	await source.facts("vm", "wiring");
	expect((await source.known?.("vm", "wiring"))?.id).toBe("vm");
	expect(await source.known?.("vm", "all")).toBeUndefined();
	expect(refresh).not.toHaveBeenCalled();
	// It can't be read again: the answer counts as old.
	expect((await source.facts("vm", "server"))?.id).toBe("vm");
	expect(refresh).toHaveBeenCalledOnce();
	expect(source.verifiedAge?.("vm")).toBe(Number.POSITIVE_INFINITY);
	await store.apply({ upserts: [{ ...details("vm"), requestedAt: lost }] });
	await source.facts("vm", "server");
	expect(refresh).toHaveBeenCalledOnce();
	expect(source.verifiedAge?.("vm")).toBeLessThan(10_000);
	expect((await source.known?.("vm", "all"))?.id).toBe("vm");
});
