import { afterEach, expect, it } from "vitest";
import type { RemoteSource } from "../source/remote-source.ts";
import type { Resource } from "../source/resource.ts";
import { openDatabase, type StateDatabase } from "../store/database.ts";
import { noEvents } from "./mirror-events.ts";
import { createMirroredSource } from "./mirrored-source.ts";
import { openMirrorStore } from "./open-mirror-store.ts";

const MANY = Array.from({ length: 16 }, (_, at) => `server-${at}`);
/** When everything was last read, long before the facts count as current. */
const LONG_AGO = Date.now() - 3_600_000;

function server(id: string): Resource {
	return { kind: "server", id, requestedAt: LONG_AGO, content: { id, name: id, addresses: {} } } as unknown as Resource;
}

function port(device_id: string): Resource {
	const id = `port of ${device_id}`;
	const content = { id, name: "", network_id: "lan", mac_address: "fa:16:3e:00:00:01", device_id, fixed_ips: [] };
	const rest = { device_owner: "compute:nova", security_groups: [], allowed_address_pairs: [], tags: [] };
	return { kind: "port", id, requestedAt: LONG_AGO, content: { ...content, ...rest } } as unknown as Resource;
}

const network = {
	...{ kind: "network", id: "lan", requestedAt: LONG_AGO },
	content: { id: "lan", name: "lan", mtu: 1500, tags: [] },
} as unknown as Resource;

let state: StateDatabase;
afterEach(() => state.close());

it("answers at once when many guests wait, but not with an instance whose NICs may be missing", async () => {
	state = await openDatabase("memory");
	const store = await openMirrorStore(state, { sourceId: "cloud", userData: true });
	const known = [...MANY, "with-a-port"];
	await store.apply({ upserts: [network, ...known.map(server), ...known.map(port), server("bare")] });
	await store.setMeta("fill", {
		...{ startedAt: LONG_AGO, finishedAt: LONG_AGO },
		kinds: { network: { done: true }, port: { done: true }, server: { done: true } },
	});
	// Too old to count as current, and recent enough that nothing is read again in the background.
	await store.setMeta("reconciledAt", Date.now() - 20_000);
	const refreshed: string[] = [];
	const source = await createMirroredSource({
		store,
		remote: { resources: { kinds: ["network", "port", "server"] } } as unknown as RemoteSource,
		instances: {
			refresh(id) {
				refreshed.push(id);
				return new Promise(() => {});
			},
			complete: async () => {},
		},
		clock: { now: Date.now, sleep: () => new Promise(() => {}) },
		...{ events: noEvents, freshness: 15, userData: true, profile: "full", doubtful: () => new Set() },
	});
	for (const id of MANY) void source.facts(id, "wiring");
	await expect.poll(() => refreshed).toHaveLength(MANY.length);
	expect((await source.facts("with-a-port", "wiring"))?.ports).toHaveLength(1);
	void source.facts("bare", "wiring");
	await expect.poll(() => refreshed).toContain("bare");
});
