import { setTimeout as wait } from "node:timers/promises";
import { expect, it } from "vitest";
import { turnsDuring } from "../../../test/turns.ts";
import type { Refusal } from "../../store/history-store.ts";
import type { IndexedInstance } from "./indexed-instance.ts";
import { createRefusals, type RefusalPage } from "./refusals.ts";

const MANY = 100_000;
/** What one turn may take on a busy machine, in milliseconds of CPU time. */
const LONGEST = 300;

const refusal = (at: number): Refusal => ({
	...{ source: JSON.stringify({ address: `192.168.0.${230 + at}`, routerId: `r-${at}` }), reason: "no-owner" },
	...{ listener: "l", node: "n", count: 1, first_at: at, last_at: at, sequence: at },
	content: JSON.stringify({ path: "", userAgent: "", method: "GET", status: 404, detail: "" }),
});

/** Instances on networks of their projects, which all have the same addresses. */
function manyInstances(): IndexedInstance[] {
	return Array.from({ length: MANY }, (_, n) => {
		const port = { id: `p${n}`, macAddress: "52:54:00:00:00:01", networkId: `net-${n >> 3}`, networkName: "net" };
		const ports = [{ ...port, addresses: [`192.168.0.${3 + (n % 200)}`] }];
		return { id: `i${n}`, name: `guest-${n}`, text: "", tags: [], ports };
	});
}

it("a page of refusals among very many instances never keeps guests waiting, and pages share the work", async () => {
	const all = manyInstances();
	let passes = 0;
	const refusals = createRefusals({
		store: { refusals: async () => Array.from({ length: 20 }, (_, at) => refusal(at)) },
		*instances() {
			passes++;
			yield* all;
		},
		onRested() {},
	});
	let pages: RefusalPage[] = [];
	const { longest } = await turnsDuring(async () => {
		pages = await Promise.all([refusals.page({ limit: 20 }), refusals.page({ limit: 20 })]);
	});
	expect(longest).toBeLessThan(LONGEST);
	expect(passes).toBe(1);
	expect(pages[0]).toEqual(pages[1]);
	// 192.168.0.202 is the highest address.
	expect(pages[0]?.refusals.every(({ misses }) => misses.length === 0)).toBe(true);
});

it("searches again when instances have changed, although it knows what nearly matched before", async () => {
	const instances: IndexedInstance[] = [];
	const refusals = createRefusals({
		store: { refusals: async () => [refusal(1)] },
		instances: () => instances,
		onRested() {},
	});
	const missesOf = async () => (await refusals.page({ limit: 1 })).refusals[0]?.misses.map(({ instance }) => instance);
	expect(await missesOf()).toEqual([]);
	const port = { id: "p", macAddress: "52:54:00:00:00:01", networkId: "net", networkName: "net" };
	instances.push({ id: "new", name: "new", text: "", tags: [], ports: [{ ...port, addresses: ["192.168.0.231"] }] });
	refusals.invalidate();
	expect(await refusals.refresh()).toBe(true);
	expect([...refusals.nearest]).toEqual([["new", { exact: 1, any: 1 }]]);
	expect(await missesOf()).toEqual(["new"]);
});

it("marks the instances that others nearly matched, although one peer has the latest refusals", async () => {
	const port = { id: "p", macAddress: "52:54:00:00:00:01", networkId: "net", networkName: "net" };
	const instance = { id: "own", name: "own", text: "", tags: [], ports: [{ ...port, addresses: ["192.168.0.7"] }] };
	const madeUp = (at: number) => ({
		...refusal(at),
		source: JSON.stringify({ peer: "10.66.6.6", instance: `x${at}` }),
	});
	const own = { ...refusal(1), source: JSON.stringify({ peer: "10.0.0.1", address: "192.168.0.7" }) };
	const refusals = createRefusals({
		store: { refusals: async () => [...Array.from({ length: 900 }, (_, at) => madeUp(1000 - at)), own] },
		instances: () => [instance],
		onRested() {},
	});
	expect(await refusals.refresh()).toBe(true);
	expect([...refusals.nearest]).toEqual([["own", { exact: 1, any: 1 }]]);
});

it("goes on once after its rest if it was asked meanwhile", async () => {
	const port = { id: "p", macAddress: "52:54:00:00:00:01", networkId: "net", networkName: "net" };
	const instance = { id: "own", name: "own", text: "", tags: [], ports: [{ ...port, addresses: ["192.168.0.231"] }] };
	const { promise: rested, resolve } = Promise.withResolvers<void>();
	let at = 1;
	let rests = 0;
	const refusals = createRefusals({
		store: {
			async refusals() {
				// A database that takes long: the rest is longer than this test needs to ask again.
				await wait(20);
				return [{ ...refusal(1), last_at: at }];
			},
		},
		instances: () => [instance],
		onRested() {
			rests++;
			resolve();
		},
	});
	expect(await refusals.refresh()).toBe(true);
	at = 2;
	refusals.add();
	for (let n = 0; n < 3; n++) expect(await refusals.refresh()).toBe(false);
	await rested;
	expect(await refusals.refresh()).toBe(true);
	expect(refusals.nearest.get("own")).toEqual({ exact: 2, any: 2 });
	expect(rests).toBe(1);
	refusals.close();
});
