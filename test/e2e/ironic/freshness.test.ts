import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { networkData } from "../../../src/documents/network-data-full.ts";
import { noEvents } from "../../../src/mirror/mirror-events.ts";
import { type Mirror, openMirror } from "../../../src/mirror/open-mirror.ts";
import { openMirrorStore } from "../../../src/mirror/open-mirror-store.ts";
import { openIronicSource } from "../../../src/source/ironic/index.ts";
import { openDatabase, type StateDatabase } from "../../../src/store/database.ts";
import { call, deleteNodes, type Json, provision, recordsOf } from "./api.ts";
import { type FakeNeutron, startNeutron } from "./neutron.ts";
import { mac, makeNode, PLANS } from "./nodes.ts";

const POLL_SECONDS = 2;
/** Ironic's polls come earlier by their own time; this is for a machine that does other things besides. Milliseconds. */
const GRACE = 3000;

let folder: string;
let database: StateDatabase;
let mirror: Mirror;
let neutron: FakeNeutron;
let uuid: string;
let instanceId: string;
const origins: string[] = [];

beforeAll(async () => {
	await deleteNodes();
	neutron = await startNeutron();
	uuid = await makeNode("a bond", 40, PLANS["a bond"]?.(40) ?? { ports: [] });
	instanceId = String((await call("GET", `/v1/nodes/${uuid}`))["instance_uuid"]);
	folder = await mkdtemp(join(tmpdir(), "guestwire-ironic-"));
	database = await openDatabase({ sqlite: join(folder, "state.db") });
	const env = {
		...{ OS_AUTH_TYPE: "none", OS_ENDPOINT: "http://127.0.0.1:6385" },
		OS_NETWORK_ENDPOINT_OVERRIDE: neutron.url,
	};
	const remote = await openIronicSource({ env, changes: { pollSeconds: POLL_SECONDS } });
	const store = await openMirrorStore(database, { sourceId: remote.sourceId, userData: true });
	mirror = await openMirror(remote, {
		...{ store, freshness: 3600, userData: true, profile: "full", sweepSeconds: 3600, pollSeconds: POLL_SECONDS },
		events: { ...noEvents, onAnswer: (origin) => void origins.push(origin) },
	});
	const isCurrent = () => mirror.state.isFilled() && (mirror.source.verifiedAge?.() ?? 0) < 5000;
	await vi.waitUntil(isCurrent, { timeout: 30_000 });
});
afterAll(async () => {
	await mirror.source.close();
	await database.close();
	await neutron.close();
	await rm(folder, { recursive: true });
});

async function links(): Promise<readonly Json[]> {
	const instance = await mirror.source.instance(instanceId, "all");
	return ((instance && networkData(instance))?.links ?? []) as unknown as Json[];
}

/** How long a change took to be in the document, in milliseconds. */
async function seenAfter(isSeen: (links: readonly Json[]) => boolean): Promise<number> {
	const started = performance.now();
	await expect.poll(async () => isSeen(await links()), { timeout: 30_000, interval: 50 }).toBe(true);
	const took = performance.now() - started;
	console.log(`seen after ${(took / 1000).toFixed(2)} s`);
	return took;
}

const MOST = POLL_SECONDS * 1000 + GRACE;
const bondOf = (all: readonly Json[]) => all.find(({ type }) => type === "bond");

test("a port group that is changed", async () => {
	const { groups } = await recordsOf(uuid);
	await call("PATCH", `/v1/portgroups/${groups[0]?.["uuid"]}`, [
		{ op: "replace", path: "/properties/xmit_hash_policy", value: "layer2+3" },
	]);
	const took = await seenAfter((all) => bondOf(all)?.["bond_xmit_hash_policy"] === "layer2+3");
	expect(took).toBeLessThan(MOST);
});

test("a port that is added, which only its own record shows", async () => {
	await call("POST", "/v1/ports", { node_uuid: uuid, address: mac(40, 3) });
	const took = await seenAfter((all) => all.some((link) => link["ethernet_mac_address"] === mac(40, 3)));
	expect(took).toBeLessThan(MOST);
});

test("another address in a node's network data", async () => {
	const addressOf = async () => {
		const instance = await mirror.source.instance(instanceId, "all");
		return (instance && networkData(instance))?.networks[0]?.ip_address;
	};
	await call("PATCH", `/v1/nodes/${uuid}`, [
		{ op: "replace", path: "/network_data/networks/0/ip_address", value: "10.9.0.99" },
	]);
	const started = performance.now();
	await expect.poll(addressOf, { timeout: 30_000, interval: 50 }).toBe("10.9.0.99");
	expect(performance.now() - started).toBeLessThan(MOST);
	expect((await mirror.source.owners({ address: "10.9.0.99" })).map(({ id }) => id)).toEqual([instanceId]);
});

test("a VIF that is attached, and detached again", async () => {
	const { node, groups } = await recordsOf(uuid);
	expect(node["network_interface"]).toBe("noop");
	const vif = neutron.addPort();
	await provision(uuid, "manage", "manageable");
	await call("PATCH", `/v1/nodes/${uuid}`, [{ op: "replace", path: "/network_interface", value: "flat" }]);
	await provision(uuid, "provide", "available");
	await call("POST", `/v1/nodes/${uuid}/vifs`, { id: vif.id, portgroup_uuid: groups[0]?.["uuid"] });
	const attached = await seenAfter((all) => bondOf(all)?.["vif_id"] === vif.id);
	expect(attached).toBeLessThan(MOST);
	const instance = await mirror.source.instance(instanceId, "all");
	expect((instance && networkData(instance))?.networks).toMatchObject([
		{ type: "ipv4", ip_address: vif.address, netmask: "255.255.255.0" },
	]);
	expect(bondOf(await links())).toMatchObject({ ethernet_mac_address: mac(40, 1), mtu: 9000 });
	await call("DELETE", `/v1/nodes/${uuid}/vifs/${vif.id}`);
	const detached = await seenAfter((all) => bondOf(all)?.["vif_id"] !== vif.id);
	expect(detached).toBeLessThan(MOST);
});

test("a node that is created", async () => {
	const other = await makeNode("two NICs", 41, PLANS["two NICs"]?.(41) ?? { ports: [] });
	const id = String((await call("GET", `/v1/nodes/${other}`))["instance_uuid"]);
	const started = performance.now();
	const listed = async () => (await mirror.source.list()).map((one) => one.id);
	await expect.poll(listed, { timeout: 30_000, interval: 50 }).toContain(id);
	expect(performance.now() - started).toBeLessThan(MOST);
});

test("after all that, an answer comes from the mirror", async () => {
	origins.length = 0;
	await links();
	expect(origins).toEqual(["mirror"]);
});
