/** What a change invalidates: everything that depends on the changed resource, and nothing else. */
import { expect, test } from "vitest";
import { guest } from "../../test/metadata-service.ts";
import type { Instance } from "../instance/instance.ts";
import { createInstanceCache } from "./instance-cache.ts";
import { type Change, keypairId, type Owner, type Source } from "./source.ts";

const idOf = (index: number) => `00000000-0000-4000-8000-${String(index).padStart(12, "0")}`;
const addressOf = (index: number) => `10.${index % 4}.0.${index + 10}`;
/** Twelve instances on four networks with a subnet each. */
const instances = Array.from({ length: 12 }, (_, index) =>
	guest({ id: idOf(index), networkId: `net-${index % 4}`, address: addressOf(index) }),
);

/** A cache that holds all instances and owners, and the source behind it. */
async function warmCache(given: readonly Instance[] = instances) {
	const asked = new Set<string>();
	let report: (change: Change) => void = () => {};
	const versions = new Map(given.map((instance) => [instance.id, instance]));
	const gates = new Map<string, Promise<void>>();
	const source: Source = {
		async instance(id) {
			asked.add(id);
			const found = versions.get(id);
			await gates.get(id);
			return found;
		},
		async owners({ address = "" }) {
			asked.add(address);
			const index = given.findIndex(({ ports }) => ports[0]?.fixedIps[0]?.address === address);
			if (index < 0) return [];
			const basis: Change[] = [
				{ kind: "port", ids: [`port of ${idOf(index)}`] },
				{ kind: "trunk", ids: [`trunk of ${idOf(index)}`] },
			];
			return [{ id: idOf(index), networkId: `net-${index % 4}`, basis } satisfies Owner];
		},
		list: async () => [],
		onChange(listener) {
			report = listener;
		},
		close: async () => {},
	};
	const cache = createInstanceCache(source, { maxAge: Number.POSITIVE_INFINITY });
	const readAll = async () => {
		for (const [index, { id }] of given.entries()) {
			await Promise.all([cache.get(id, "all"), cache.owners({ address: addressOf(index), routerId: `R${index % 2}` })]);
		}
	};
	await readAll();
	/** What has to be looked up again after a change. */
	const askedAfter = async (change: Change) => {
		asked.clear();
		report(change);
		await readAll();
		return [...asked].sort();
	};
	return { cache, versions, gates, asked, report: (change: Change) => report(change), askedAfter };
}

const onNetwork = (n: number) => [0, 4, 8].map((step) => idOf(n + step));

test("a change of a subnet or network reaches every instance on it, and nothing else", async () => {
	const { askedAfter } = await warmCache();
	expect(await askedAfter({ kind: "subnet", ids: ["subnet of net-1"] })).toEqual(onNetwork(1));
	expect(await askedAfter({ kind: "network", ids: ["net-2", "net-3"] })).toEqual(
		[...onNetwork(2), ...onNetwork(3)].sort(),
	);
	expect(await askedAfter({ kind: "subnet", ids: ["elsewhere"] })).toEqual([]);
});

test("a change of a port reaches its instance and the owner whose claim rests on it, and no other", async () => {
	const { askedAfter } = await warmCache();
	expect(await askedAfter({ kind: "port", ids: [`port of ${idOf(5)}`] })).toEqual([idOf(5), addressOf(5)].sort());
	expect(await askedAfter({ kind: "trunk", ids: [`trunk of ${idOf(4)}`] })).toEqual([addressOf(4)]);
	expect(await askedAfter({ kind: "server", ids: [idOf(6), "unknown"] })).toEqual([idOf(6)]);
});

test("a change of an address reaches its owner, no other owner and no instance", async () => {
	const { askedAfter } = await warmCache();
	expect(await askedAfter({ kind: "address", ids: [addressOf(3), "10.99.0.1"] })).toEqual([addressOf(3)]);
});

test("a change of a router reaches the owners that were looked up behind it", async () => {
	const { askedAfter } = await warmCache();
	const behind = [1, 3, 5, 7, 9, 11].map(addressOf).sort();
	expect(await askedAfter({ kind: "router", ids: ["r1"] })).toEqual(behind);
});

test("resources of ports and servers are followed, too", async () => {
	const [instance = undefined as never] = instances;
	const [port = undefined as never] = instance.ports;
	const subport = { ...port, id: "subport", fixedIps: [], network: { ...port.network, id: "vlan" } };
	const group = { id: "group", name: "", rules: [] };
	const rich: Instance = {
		...instance,
		server: { ...(instance.server as NonNullable<typeof instance.server>), userId: "alice", keyNames: ["laptop 2"] },
		ports: [
			{
				...port,
				securityGroups: [group],
				floatingIps: [{ id: "floating", address: "192.0.2.1" }],
				trunk: { id: "trunk", name: "", subports: [{ vlanId: 5, port: subport }] },
			},
		],
	};
	const { askedAfter } = await warmCache([rich, ...instances.slice(1)]);
	for (const change of [
		{ kind: "security_group", ids: ["group"] },
		{ kind: "floatingip", ids: ["floating"] },
		{ kind: "trunk", ids: ["trunk"] },
		{ kind: "port", ids: ["subport"] },
		{ kind: "network", ids: ["vlan"] },
		{ kind: "keypair", ids: [keypairId("alice", "laptop 2")] },
	] as const satisfies Change[]) {
		expect([change, await askedAfter(change)]).toEqual([change, [rich.id]]);
	}
	expect(await askedAfter({ kind: "keypair", ids: [keypairId("bob", "laptop 2")] })).toEqual([]);
});

test("a look-up that a change overtakes is repeated, also for callers that joined it after the change", async () => {
	const { cache, versions, gates, report, asked } = await warmCache([]);
	const late = guest({ id: idOf(1), networkId: "net-1", address: addressOf(1) });
	const gate = Promise.withResolvers<void>();
	gates.set(late.id, gate.promise);
	versions.set(late.id, late);
	const before = cache.get(late.id, "all");
	const renamed: Instance = { ...late, projectId: "changed" };
	versions.set(late.id, renamed);
	report({ kind: "subnet", ids: ["subnet of net-1"] });
	const after = cache.get(late.id, "all");
	asked.clear();
	gate.resolve();
	expect([await before, await after]).toEqual([renamed, renamed]);
	expect(asked).toEqual(new Set([late.id]));
	expect(cache.get(late.id, "all")).toEqual(renamed);
});

test("an evicted instance leaves nothing behind: a thousand instances through a cache of ten", async () => {
	const asked: string[] = [];
	let report: (change: Change) => void = () => {};
	const cache = createInstanceCache(
		{
			instance: async (id) => {
				asked.push(id);
				return guest({ id, networkId: "net", address: "10.0.0.1" });
			},
			owners: async () => [],
			list: async () => [],
			onChange(listener) {
				report = listener;
			},
			close: async () => {},
		},
		{ maxAge: Number.POSITIVE_INFINITY, maxBytes: 400_000 },
	);
	for (let i = 0; i < 1000; i++) await cache.get(idOf(i), "all");
	asked.length = 0;
	const { entries } = cache.stats();
	expect(entries).toBeLessThan(50);
	report({ kind: "network", ids: ["net"] });
	await cache.get(idOf(999), "all");
	await cache.get(idOf(999), "all");
	await cache.get(idOf(0), "all");
	await cache.get(idOf(0), "all");
	expect(asked).toEqual([idOf(999), idOf(0)]);
	expect(cache.stats().entries).toBe(entries);
});
