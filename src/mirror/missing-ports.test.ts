import { afterEach, beforeEach, expect, test } from "vitest";
import type { Resource } from "../source/resource.ts";
import { openDatabase, type StateDatabase } from "../store/database.ts";
import type { MirrorStore } from "./mirror-store.ts";
import { hasMissingPort } from "./missing-ports.ts";
import { openMirrorStore } from "./open-mirror-store.ts";
import { readInstance } from "./read-instance.ts";

let state: StateDatabase;
let store: MirrorStore;
beforeEach(async () => {
	state = await openDatabase("memory");
	store = await openMirrorStore(state, { sourceId: "cloud", userData: true });
});
afterEach(() => state.close());

const FIRST = "fa:16:3e:00:00:01";
const SECOND = "FA:16:3E:00:00:02";

/** A server whose NICs Nova listed at a time. */
function server(requestedAt: number, ...macs: string[]): Resource {
	const lan = macs.map((mac) => ({ "OS-EXT-IPS-MAC:mac_addr": mac, addr: "10.0.0.2", version: 4 }));
	const content = { id: "vm", name: "vm", tenant_id: "own", addresses: { lan }, security_groups: [] };
	return { kind: "server", id: "vm", requestedAt, content } as unknown as Resource;
}

function port(requestedAt: number, mac_address: string, device_id: string, project_id = "own"): Resource {
	const id = `port ${mac_address} of ${project_id}`;
	const content = { id, name: "", network_id: "lan", mac_address, device_id, project_id, fixed_ips: [] };
	const rest = { device_owner: "compute:nova", security_groups: [], allowed_address_pairs: [], tags: [] };
	return { kind: "port", id, requestedAt, content: { ...content, ...rest } } as unknown as Resource;
}

async function lacksPort(...resources: Resource[]): Promise<boolean> {
	await store.apply({ upserts: resources });
	return hasMissingPort(store, await readInstance(store, "vm", { dhcpPorts: false }));
}

test("a NIC that Nova lists but that matches no port may be a new one", async () => {
	expect(await lacksPort(server(1, FIRST), port(1, FIRST, "vm"))).toBe(false);
	expect(await lacksPort(server(2, FIRST, SECOND))).toBe(true);
	expect(await lacksPort(port(1, SECOND, ""))).toBe(true);
	expect(await lacksPort(port(3, SECOND, "vm"))).toBe(false);
});

test("a NIC whose port was seen without it since Nova was asked is detached", async () => {
	expect(await lacksPort(server(1, FIRST, SECOND), port(1, FIRST, "vm"), port(2, SECOND, ""))).toBe(false);
	expect(await lacksPort(server(3, FIRST, SECOND))).toBe(true);
});

test("another project's port with the same MAC address does not match", async () => {
	const nics = [server(1, FIRST, SECOND), port(1, FIRST, "vm")];
	expect(await lacksPort(...nics, port(2, SECOND, "other", "foreign"))).toBe(true);
});

test("a port of a server without a NIC may be missing", async () => {
	expect(await lacksPort(server(1))).toBe(true);
});
