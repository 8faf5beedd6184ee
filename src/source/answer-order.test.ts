/** In each detail, a guest that has been answered newer facts does not get older ones afterwards, however look-ups end. */
import { expect, test } from "vitest";
import { guest } from "../../test/metadata-service.ts";
import { GuestwireError } from "../errors.ts";
import type { Detail, Instance } from "../instance/instance.ts";
import { createInstanceCache } from "./instance-cache.ts";
import type { Change } from "./source.ts";

const ID = "00000000-0000-4000-8000-000000000001";
const { ports } = guest({ id: ID, networkId: "net", address: "10.0.0.10" });
const PORT: Change = { kind: "port", ids: ports.map(({ id }) => id) };
const SERVER: Change = { kind: "server", ids: [ID] };

/** A cache whose look-ups end when a test says so, with the facts that they have seen. */
function set() {
	const looks: { detail: Detail; resolve: (seen: string) => void; reject: (error: Error) => void }[] = [];
	const clock = { ms: 0, ring: () => {} };
	let report: (change: Change) => void = () => {};
	const cache = createInstanceCache(
		{
			async instance(id, detail): Promise<Instance> {
				const { promise, resolve, reject } = Promise.withResolvers<string>();
				looks.push({ detail, resolve, reject });
				const name = await promise;
				const lists = {
					keypairs: [],
					keyNames: [],
					securityGroupNames: [],
					volumes: [],
					shares: [],
					dedicatedCpus: [],
				};
				return { id, ports, server: { name, hostname: name, metadata: new Map(), launchIndex: 0, ...lists } };
			},
			owners: async () => [],
			list: async () => [],
			onChange(listener) {
				report = listener;
			},
			close: async () => {},
		},
		{
			now: () => clock.ms,
			wait: (_milliseconds, signal) =>
				new Promise((resolve, reject) => {
					clock.ring = resolve;
					signal.addEventListener("abort", () => reject(signal.reason));
				}),
		},
	);
	const get = async (detail: Detail) => (await cache.get(ID, detail))?.server?.name;
	/** Ends the look-up that started as the n-th one. Look-ups start a millisecond or more after one another. */
	const end = async (n: number, seen: string) => {
		await expect.poll(() => looks.length).toBeGreaterThan(n);
		looks[n]?.resolve(seen);
		clock.ms++;
	};
	const start = (detail: Detail) => {
		clock.ms++;
		return get(detail);
	};
	const revalidate = async (detail: Detail) => (await cache.revalidate(ID, detail))?.server?.name;
	return { start, end, revalidate, looks, clock, report: (change: Change) => report(change) };
}

test("a look-up that ends after a later one returns the later one's answer", async () => {
	const { start, end } = set();
	const wiring = start("wiring");
	const all = start("all");
	await end(1, "new");
	expect(await all).toBe("new");
	await end(0, "old");
	expect(await wiring).toBe("new");
	expect(await start("wiring")).toBe("new");
});

test("a late answer with all details does not replace a newer one with less", async () => {
	const { start, end, looks, report } = set();
	const all = start("all");
	report(SERVER);
	const wiring = start("wiring");
	await end(1, "new");
	expect(await wiring).toBe("new");
	await end(0, "old");
	await all;
	report(PORT);
	const later = start("wiring");
	looks[2]?.reject(new GuestwireError("cloud-unavailable", "away"));
	expect(await later).toBe("new");
});

test("a newer answer that a change has outdated is looked up again: an older one does not serve instead", async () => {
	const { start, end, report } = set();
	const wiring = start("wiring");
	report(SERVER);
	report(PORT);
	const all = start("all");
	await end(1, "old");
	expect(await all).toBe("old");
	// The first look-up is overtaken and repeated, but the cache has forgotten it.
	await end(0, "overtaken");
	await end(2, "new");
	expect(await wiring).toBe("new");
	const later = start("wiring");
	await end(3, "newest");
	expect(await later).toBe("newest");
});

test("a caller whose look-up fails gets the newest answer, not the one from when it called", async () => {
	const { start, end, clock } = set();
	const first = start("wiring");
	await end(0, "old");
	await first;
	clock.ms += 20_000;
	const waiting = start("wiring");
	const { ring } = clock;
	const all = start("all");
	await end(2, "new");
	expect(await all).toBe("new");
	ring();
	expect(await waiting).toBe("new");
});

test("an answer with all details does not replace one that came while it was looked up: it may be the older state", async () => {
	const { start, end, looks, report } = set();
	const wiring = start("wiring");
	const all = start("all");
	await end(0, "new");
	expect(await wiring).toBe("new");
	await end(1, "old");
	expect(await all).toBe("old");
	expect(await start("wiring")).toBe("new");
	report(SERVER);
	const later = start("wiring");
	looks[2]?.reject(new GuestwireError("cloud-unavailable", "away"));
	expect(await later).toBe("new");
});

test("a caller that contradicts an answer does not join a look-up that started before the answer arrived", async () => {
	const { start, end, revalidate, clock } = set();
	const wiring = start("wiring");
	const all = start("all");
	await end(0, "before");
	expect(await wiring).toBe("before");
	clock.ms += 5000;
	const contradicted = revalidate("wiring");
	await end(2, "after");
	expect(await contradicted).toBe("after");
	await end(1, "before");
	await all;
	expect(await start("wiring")).toBe("after");
});

test("if changes overtake two answers, the answer of the later look-up counts", async () => {
	const { start, end, looks, clock, report } = set();
	const first = start("all");
	await end(0, "first");
	await first;
	clock.ms += 20_000;
	const all = start("all");
	report(PORT);
	await end(1, "overtaken");
	await expect.poll(() => looks.length).toBe(3);
	const wiring = start("wiring");
	report(PORT);
	const joined = start("wiring");
	await end(3, "overtaken");
	await expect.poll(() => looks.length).toBe(5);
	report(PORT);
	clock.ms++;
	await end(2, "old");
	await all;
	await end(4, "new");
	expect([await wiring, await joined]).toEqual(["new", "new"]);
});
