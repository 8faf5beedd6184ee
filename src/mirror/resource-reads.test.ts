import { afterEach, beforeEach, expect, test } from "vitest";
import { GuestwireError } from "../errors.ts";
import type { PortFacts } from "../instance/facts.ts";
import type { FoundResources, ResourceReader } from "../source/remote-source.ts";
import type { Resource } from "../source/resource.ts";
import { openDatabase, type StateDatabase } from "../store/database.ts";
import { createDoubts, type Doubts } from "./doubts.ts";
import type { MirrorStore } from "./mirror-store.ts";
import { openMirrorStore } from "./open-mirror-store.ts";
import { createResourceReads } from "./resource-reads.ts";

let time: number;
let state: StateDatabase;
let store: MirrorStore;
let doubts: Doubts;
beforeEach(async () => {
	time = 100;
	state = await openDatabase("memory");
	store = await openMirrorStore(state, { sourceId: "cloud", userData: true });
	doubts = createDoubts(() => time);
});
afterEach(() => state.close());

const NOTHING: FoundResources = { resources: [], gone: [], unreadable: [], requestedAt: 0 };
const network = (id: string, requestedAt: number): Resource => ({
	...{ kind: "network", id, requestedAt, revision: 1 },
	content: { id, name: id, mtu: 1500, tags: [] },
});

function readsOf(byId: ResourceReader["byId"], more: Partial<MirrorStore> = {}) {
	const clock = { now: () => time, sleep: async () => {} };
	return createResourceReads({
		...{ reader: { byId } as unknown as ResourceReader, store: { ...store, ...more }, clock, doubts },
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

const unreadable = [{ kind: "network", id: "lan", reason: "an odd record" } as const];

test("what could not be read stays in doubt until it is stored", async () => {
	doubts.add({ kind: "network", id: "lan" });
	let isAway = true;
	const { byId } = readsOf(async () => ({ ...NOTHING, resources: [network("lan", time)] }), {
		async apply(batch) {
			if (isAway) throw new GuestwireError("state", "the database is away");
			return store.apply(batch);
		},
	});
	await expect(byId({ kind: "network", id: "lan" })).rejects.toThrow("away");
	expect([...doubts.texts()]).toEqual(["network lan"]);
	isAway = false;
	await byId({ kind: "network", id: "lan" });
	expect([...doubts.texts()]).toEqual([]);
});

test("an answer that was requested before a doubt does not end it", async () => {
	const slow = Promise.withResolvers<void>();
	const older = readsOf(async () => {
		const requestedAt = time;
		await slow.promise;
		return { ...NOTHING, resources: [network("lan", requestedAt)] };
	});
	const reading = older.byId({ kind: "network", id: "lan" });
	time++;
	await readsOf(async () => ({ ...NOTHING, unreadable })).byId({ kind: "network", id: "lan" });
	slow.resolve();
	await reading;
	expect([...doubts.texts()]).toEqual(["network lan"]);
	await readsOf(async () => ({ ...NOTHING, resources: [network("lan", time)] })).byId({ kind: "network", id: "lan" });
	expect([...doubts.texts()]).toEqual([]);
});

/** What a cloud has, read by reads that know its whole API; all of it is in the mirror first. */
async function cloudOf(...resources: Resource[]) {
	const cloud = new Map(resources.map((one) => [`${one.kind} ${one.id}`, one]));
	await store.apply({ upserts: resources });
	let failures = 0;
	const byId: ResourceReader["byId"] = async (kind, ids) => {
		const found = ids.flatMap((id) => cloud.get(`${kind} ${id}`) ?? []);
		const gone = ids.filter((id) => !cloud.has(`${kind} ${id}`));
		return { ...NOTHING, gone, resources: found.map((one) => ({ ...one, requestedAt: time })) };
	};
	const referringTo: ResourceReader["referringTo"] = async (reference, ids) => {
		if (failures-- > 0) throw new GuestwireError("cloud-unavailable", "away");
		expect(reference).toBe("ports of networks");
		const ports = [...cloud.values()].filter((one) => one.kind === "port" && ids.includes(one.content.network_id));
		return { ...NOTHING, resources: ports.map((one) => ({ ...one, requestedAt: time })) };
	};
	const clock = { now: () => ++time, sleep: async () => {} };
	const { byId: read } = createResourceReads({
		...{ reader: { byId, referringTo } as unknown as ResourceReader, store, clock, doubts },
		...{ signal: new AbortController().signal, onUnreadable: () => {} },
	});
	return {
		read,
		set: (one: Resource) => void cloud.set(`${one.kind} ${one.id}`, one),
		remove: ({ kind, id }: Resource) => void cloud.delete(`${kind} ${id}`),
		fail(count: number) {
			failures = count;
		},
		async contentOf({ kind, id }: Resource) {
			return (await store.read([{ kind, ids: [id] }])).resources[0]?.content;
		},
	};
}

const resource = (kind: string, id: string, content: object): Resource =>
	({ kind, id, requestedAt: 1, content: { id, ...content } }) as unknown as Resource;
const port = (id: string, ...addresses: string[]) => {
	const fixed_ips = addresses.map((ip_address) => ({ subnet_id: "sub", ip_address }));
	const rest = { device_id: "vm", device_owner: "compute:nova", security_groups: [], mac_address: "fa:16:3e:00:00:01" };
	return resource("port", id, { name: id, network_id: "lan", fixed_ips, ...rest });
};

test("with a deleted port, its floating IPs are read", async () => {
	const floatingIp = (port_id: string | null) =>
		resource("floatingip", "ip", { floating_ip_address: "203.0.113.9", port_id });
	const cloud = await cloudOf(port("nic"), floatingIp("nic"));
	cloud.remove(port("nic"));
	cloud.set(floatingIp(null));
	await cloud.read(port("nic"));
	expect(await cloud.contentOf(floatingIp(null))).toMatchObject({ port_id: null });
});

test("with a deleted security group, those whose rules named it are read", async () => {
	const group = (id: string, ...named: string[]) => {
		const rules = named.map((remote_group_id) => ({ direction: "ingress", remote_group_id }));
		return resource("security_group", id, { name: id, security_group_rules: rules });
	};
	const cloud = await cloudOf(group("web", "db"), group("db"));
	cloud.remove(group("db"));
	cloud.set(group("web"));
	await cloud.read(group("db"));
	expect(await cloud.contentOf(group("web"))).toMatchObject({ security_group_rules: [] });
});

test("with a subnet that gives its network's ports addresses, these are read, though the first attempt fails", async () => {
	const subnet = resource("subnet", "six", {
		name: "six",
		network_id: "lan",
		cidr: "2001:db8::/64",
		ipv6_address_mode: "slaac",
	});
	const cloud = await cloudOf(port("nic"));
	const addresses = async () => ((await cloud.contentOf(port("nic"))) as PortFacts).fixed_ips.length;
	cloud.set(subnet);
	cloud.set(port("nic", "2001:db8::1"));
	cloud.fail(1);
	await expect(cloud.read(subnet)).rejects.toThrow("away");
	expect(await addresses()).toBe(0);
	await cloud.read(subnet);
	expect(await addresses()).toBe(1);
	cloud.remove(subnet);
	cloud.set(port("nic"));
	await cloud.read(subnet);
	expect(await addresses()).toBe(0);
});
