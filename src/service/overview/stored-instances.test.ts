import { afterEach, beforeEach, expect, it } from "vitest";
import { recordRequests } from "../../../test/operator-server.ts";
import { defaultSettings } from "../../documents/settings.ts";
import { systemClock } from "../../mirror/clock.ts";
import { noEvents } from "../../mirror/mirror-events.ts";
import type { MirrorStore } from "../../mirror/mirror-store.ts";
import { createMirroredSource, type MirroredSource } from "../../mirror/mirrored-source.ts";
import { openMirrorStore } from "../../mirror/open-mirror-store.ts";
import { createStoredSource } from "../../mirror/stored-source.ts";
import type { RemoteSource } from "../../source/remote-source.ts";
import type { Resource } from "../../source/resource.ts";
import { openDatabase, type StateDatabase } from "../../store/database.ts";
import { createGuestDocuments } from "../guest-documents.ts";
import { createLog } from "../log.ts";
import { createInstanceIndex, type InstanceIndex } from "./index-loader.ts";
import { openOverview } from "./open-overview.ts";

const SERVERS = 20_000;
const PER_BATCH = 1000;
/** Reading them all takes seconds, and longer on a busy machine. Milliseconds. */
const PATIENCE = 120_000;

const idOf = (n: number) => `server-${String(n).padStart(5, "0")}`;

function server(id: string, name: string, requestedAt: number): Resource {
	const content = { id, name, tenant_id: "project", metadata: {}, addresses: {}, security_groups: [] };
	return { kind: "server", id, requestedAt, content };
}

function port(device_id: string, requestedAt: number): Resource {
	const id = `port of ${device_id}`;
	const content = { id, name: "", network_id: "lan", mac_address: "fa:16:3e:00:00:01", device_id, fixed_ips: [] };
	const rest = { device_owner: "compute:nova", security_groups: [], allowed_address_pairs: [], tags: [] };
	return { kind: "port", id, requestedAt, content: { ...content, ...rest } };
}

function network(mtu: number, requestedAt: number): Resource {
	return { kind: "network", id: "lan", requestedAt, content: { id: "lan", name: "lan", mtu, tags: [] } };
}

let state: StateDatabase;
let store: MirrorStore;
let source: MirroredSource;
let index: InstanceIndex;
/** The readings of all servers. */
let readings: string[];

const kinds = ["network", "port", "server"] as const;
const done = Object.fromEntries(kinds.map((kind) => [kind, { done: true }]));
const setFilled = () => store.setMeta("fill", { startedAt: 1, finishedAt: 1, kinds: done });

beforeEach(async () => {
	state = await openDatabase("memory");
	store = await openMirrorStore(state, { sourceId: "cloud", userData: true });
	for (let start = 0; start < SERVERS; start += PER_BATCH) {
		const some = Array.from({ length: PER_BATCH }, (_, n) => server(idOf(start + n), `vm-${start + n}`, 1));
		await store.apply({ upserts: some });
	}
	await store.apply({ upserts: [network(1500, 1)] });
	readings = [];
	const watched: MirrorStore = {
		...store,
		scan(kind) {
			readings.push(`scan ${kind}`);
			return store.scan(kind);
		},
		servers() {
			readings.push("servers");
			return store.servers();
		},
	};
	source = await createMirroredSource({
		...{ store: watched, clock: systemClock, events: noEvents, freshness: 15, userData: true, profile: "full" },
		remote: { resources: { kinds }, signals: [], close: async () => {} } as unknown as RemoteSource,
		...{ instances: { refresh: async () => {}, complete: async () => {} }, doubtful: () => new Set() },
	});
	index = createInstanceIndex({
		source: createStoredSource({ source, state: source.state }, { store: watched, userData: true, profile: "full" }),
		...{ isLocal: true, onChange() {} },
		onError(error) {
			throw error;
		},
	});
	await expect.poll(() => index.instances.size, { timeout: PATIENCE }).toBe(SERVERS);
}, PATIENCE);

afterEach(async () => {
	await index.close();
	await source.close();
	await state.close();
});

it("reads no list of the cloud while the mirror is filled, and shows what it has", { timeout: PATIENCE }, async () => {
	// The remote source of this test has none to read.
	expect(index.isComplete).toBe(false);
	await store.apply({ upserts: [server("new", "new", 2), port("new", 2)] });
	await expect.poll(() => index.instances.get("new")?.ports.length, { timeout: PATIENCE }).toBe(1);
	await setFilled();
	await expect.poll(() => index.isComplete, { timeout: PATIENCE }).toBe(true);
	expect([index.instances.size, readings]).toEqual([SERVERS + 1, ["servers", "servers"]]);
});

it("only what has changed among many servers is read, not the list", { timeout: PATIENCE }, async () => {
	await setFilled();
	await expect.poll(() => index.isComplete, { timeout: PATIENCE }).toBe(true);
	readings = [];
	await store.apply({
		upserts: [server(idOf(7), "renamed", 2), server("new", "new", 2), port(idOf(9), 2), port("nobody", 2)],
		deletes: [{ kind: "server", id: idOf(8), requestedAt: 2 }],
	});
	const found = () => [
		...[idOf(7), idOf(8), "new"].map((id) => index.instances.get(id)?.name),
		...(index.instances.get(idOf(9))?.ports ?? []).map(({ networkId }) => networkId),
	];
	await expect.poll(found, { timeout: PATIENCE }).toEqual(["renamed", undefined, "new", "lan"]);
	// Anybody can write any device into a port.
	expect(index.instances.has("nobody")).toBe(false);
	await store.apply({ deletes: [{ kind: "port", id: `port of ${idOf(9)}`, requestedAt: 3 }] });
	await expect.poll(() => index.instances.get(idOf(9))?.ports, { timeout: PATIENCE }).toEqual([]);
	expect([index.instances.size, readings]).toEqual([SERVERS, []]);
});

it("compares all documents but user data if the mirror stores none", { timeout: PATIENCE }, async () => {
	const id = idOf(0);
	const details = { interfaceAttachments: [], volumeAttachments: [] };
	await store.apply({
		upserts: [port(id, 2), { kind: "server_details", id, requestedAt: 2, content: details }],
	});
	await setFilled();
	const stored = createStoredSource({ source, state: source.state }, { store, userData: false, profile: "full" });
	await expect.poll(() => stored.isFilled()).toBe(true);
	const documents = createGuestDocuments(defaultSettings(new Uint8Array(32)));
	const path = "openstack/latest/network_data.json";
	const now = async () => {
		const instance = await stored.instance(id, "all");
		return instance && documents.tree(instance).answer(path)?.body;
	};
	const fetched = { instance: id, method: "GET", status: 200, bytes: 2, ms: 1, userAgent: "", listener: "l" };
	const fetch = async (at: number) =>
		recordRequests(state, [
			{ ...fetched, at, path, body: await now() },
			{ ...fetched, at, path: "openstack/latest/user_data", body: Buffer.from("#!/bin/sh") },
		]);
	await fetch(1);
	const log = createLog({ write() {} });
	const { overview } = await openOverview(state, { source: stored, isLocal: true, documents, log });
	const expectState = (wanted: string) =>
		expect.poll(() => overview.guest(id)?.state, { timeout: PATIENCE }).toBe(wanted);
	try {
		await expectState("current");
		await store.apply({ upserts: [network(9000, 3)] });
		await expectState("outdated");
		await fetch(2);
		await expectState("current");
	} finally {
		await overview.close();
	}
});
