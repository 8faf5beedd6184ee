/** The mirror of an Ironic: what it answers, and what it does with a node that can't be read. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test, vi } from "vitest";
import { networkData } from "../src/documents/network-data-full.ts";
import { noEvents } from "../src/mirror/mirror-events.ts";
import { openMirror } from "../src/mirror/open-mirror.ts";
import { openMirrorStore } from "../src/mirror/open-mirror-store.ts";
import { openIronicSource } from "../src/source/ironic/index.ts";
import { openDatabase } from "../src/store/database.ts";
import { type FakeIronic, startFakeIronic } from "./fake-ironic.ts";
import { startFakeOpenStack } from "./fake-openstack.ts";

const NODE = "a0000000-0000-4000-8000-000000000003";
const INSTANCE = "e0000000-0000-4000-8000-000000000003";

async function start(
	change: (fake: FakeIronic) => void = () => {},
	envOf: (fake: FakeIronic) => Readonly<Record<string, string>> = (fake) => fake.env,
) {
	const fake = await startFakeIronic();
	change(fake);
	const folder = await mkdtemp(join(tmpdir(), "guestwire-"));
	const database = await openDatabase({ sqlite: join(folder, "state.db") });
	const env = envOf(fake);
	const [remote, living] = await Promise.all([
		openIronicSource({ env, changes: { pollSeconds: 0.05 } }),
		openIronicSource({ env, sharing: 0 }),
	]);
	const log: string[] = [];
	const origins: string[] = [];
	const store = await openMirrorStore(database, { sourceId: remote.sourceId, userData: true });
	const mirror = await openMirror(remote, {
		...{ store, freshness: 3600, userData: true, profile: "full", sweepSeconds: 3600, pollSeconds: 0.05 },
		events: {
			...noEvents,
			onLog: (_, message) => void log.push(message),
			onAnswer: (origin) => void origins.push(origin),
		},
	});
	onTestFinished(async () => {
		await mirror.source.close();
		await living.close();
		await database.close();
		await fake.close();
		await rm(folder, { recursive: true });
	});
	await vi.waitUntil(() => mirror.state.isFilled() && (mirror.source.verifiedAge?.() ?? 0) < 2000, { timeout: 20_000 });
	return { fake, mirror: mirror.source, living, log, origins };
}

test("every instance is the one that Ironic has, NICs in their order, which is not that of their UUIDs", async () => {
	const { mirror, living, origins } = await start(({ records }) => void records.ports.reverse());
	for (const { id } of await living.list()) {
		expect(await mirror.instance(id, "all")).toEqual(await living.instance(id, "all"));
	}
	expect(new Set(origins)).not.toContain("stale");
	origins.length = 0;
	await mirror.instance(INSTANCE, "all");
	expect(origins).toEqual(["mirror"]);
});

test.each([
	["a bond", { macAddress: "52:54:00:00:03:01" }, "03"],
	["a bond's member", { macAddress: "52:54:00:00:03:02" }, "03"],
	["a NIC that only boots the node", { macAddress: "52:54:00:00:06:02" }, "06"],
	["an address on a VLAN", { address: "10.9.0.13" }, "03"],
])("%s has its owner", async (_, query, node) => {
	const { mirror } = await start();
	// A VLAN may have the bond's own address.
	const owners = new Set((await mirror.owners(query)).map(({ id }) => id));
	expect(owners).toEqual(new Set([`e0000000-0000-4000-8000-0000000000${node}`]));
});

test("a bond's member has its owner only on the bond's network", async () => {
	const { mirror } = await start();
	const networkId = "c0000000-0000-4000-8000-000000000300";
	expect(await mirror.owners({ macAddress: "52:54:00:00:03:02", networkId })).toMatchObject([
		{ id: INSTANCE, networkId },
	]);
	expect(await mirror.owners({ macAddress: "52:54:00:00:03:02", networkId: "another" })).toEqual([]);
});

test("Neutron is called for the networks of a router, because the mirror of an Ironic has no routers", async () => {
	const cloud = await startFakeOpenStack();
	onTestFinished(() => cloud.close());
	const vif = cloud.records.ports.find(({ device_owner }) => device_owner === "compute:nova");
	const networkId = String(vif?.["network_id"]);
	cloud.records.ports.push({
		...vif,
		id: "interface",
		device_id: "router",
		device_owner: "network:router_interface",
	} as never);
	const { mirror } = await start(
		({ records }) => {
			const nic = records.ports.find(({ address }) => address === "52:54:00:00:06:02");
			Object.assign(nic ?? {}, { internal_info: { tenant_vif_port_id: vif?.id } });
		},
		({ url }) => ({ ...cloud.env, OS_BAREMETAL_ENDPOINT_OVERRIDE: url }),
	);
	const query = { macAddress: String(vif?.["mac_address"]) };
	const id = "e0000000-0000-4000-8000-000000000006";
	expect(await mirror.owners({ ...query, networkId })).toMatchObject([{ id, networkId }]);
	expect(await mirror.owners({ ...query, routerId: "router" })).toMatchObject([{ id, networkId }]);
	expect(await mirror.owners({ ...query, routerId: "another" })).toEqual([]);
});

test("a node that can no longer be read keeps its last document, and is logged once", async () => {
	const { fake, mirror, log } = await start();
	const documentOf = async (id: string) => {
		const instance = await mirror.instance(id, "all");
		return instance && networkData(instance);
	};
	const before = await documentOf(INSTANCE);
	expect(before?.links).toHaveLength(4);
	const node = fake.records.nodes.find(({ uuid }) => uuid === NODE) as Record<string, unknown>;
	const data = node["network_data"] as { networks: object[] };
	const good = data.networks;
	data.networks = [{ link: "bond0.100", type: "ipv4", ip_address: "10.9.0.13", netmask: "255.0.255.0" }];
	await vi.waitUntil(() => log.some((line) => line.includes(INSTANCE)), { timeout: 20_000 });
	expect(await documentOf(INSTANCE)).toEqual(before);
	// Other nodes are still updated.
	const group = fake.records.portgroups.find(({ uuid }) => uuid === "c0000000-0000-4000-8000-000000000100");
	Object.assign(group ?? {}, { mode: "active-backup" });
	const modeOf = async () => {
		const links = (await documentOf("e0000000-0000-4000-8000-000000000001"))?.links;
		return links?.find(({ type }) => type === "bond");
	};
	await expect.poll(modeOf, { timeout: 20_000 }).toMatchObject({ bond_mode: "active-backup" });
	expect(log.filter((line) => line.includes(INSTANCE))).toHaveLength(1);
	data.networks = good.slice(0, 1);
	await expect.poll(async () => (await documentOf(INSTANCE))?.networks.length, { timeout: 20_000 }).toBe(1);
});
