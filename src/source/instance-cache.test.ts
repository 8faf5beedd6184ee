import fc from "fast-check";
import { describe, expect, test, vi } from "vitest";
import { GuestwireError } from "../errors.ts";
import type { Detail, Instance } from "../instance/instance.ts";
import { createInstanceCache, type InstanceCacheOptions } from "./instance-cache.ts";
import type { Change, Owner, PortQuery, Source } from "./source.ts";

const ID = "11111111-2222-4333-8444-555555555555";
const unavailable = () => new GuestwireError("cloud-unavailable", "no answer");

const nameOf = (instance: Instance | undefined) => instance?.server?.name;

function instanceOf(id: string, name: string): Instance {
	const lists = { keypairs: [], keyNames: [], securityGroupNames: [], volumes: [], shares: [], dedicatedCpus: [] };
	return { id, ports: [], server: { name, hostname: name, metadata: new Map(), launchIndex: 0, ...lists } };
}

/** A source whose instances are set by tests, and which records its look-ups. */
function fakeSource() {
	const names = new Map<string, string>();
	const asked: { id: string; detail: Detail; reread?: true }[] = [];
	const queries: PortQuery[] = [];
	const owners = new Map<string, readonly Owner[]>();
	let listener: (change: Change) => void = () => {};
	/** Instances whose look-up fails. */
	const failing = new Set<string>();
	/** Instances that the source would have to ask somebody for. */
	const unknown = new Set<string>();
	const state = { down: false, gate: undefined as Promise<void> | undefined, closed: false };
	const source: Source = {
		async instance(id, detail, signal, reread) {
			asked.push({ id, detail, ...(reread && { reread }) });
			const [name, down] = [names.get(id), state.down || failing.has(id)];
			await state.gate;
			signal?.throwIfAborted();
			if (down) throw unavailable();
			return name === undefined ? undefined : instanceOf(id, name);
		},
		async owners(query) {
			queries.push(query);
			await state.gate;
			if (state.down) throw unavailable();
			return owners.get(query.address ?? "") ?? [];
		},
		async known(id) {
			const name = names.get(id);
			await state.gate;
			return unknown.has(id) || name === undefined ? undefined : instanceOf(id, name);
		},
		list: async () => [],
		onChange(given) {
			listener = given;
		},
		async close() {
			state.closed = true;
		},
	};
	return {
		source,
		names,
		failing,
		unknown,
		asked,
		queries,
		owners,
		state,
		change: (...ids: string[]) => listener({ kind: "server", ids }),
		report: (change: Change) => listener(change),
	};
}

function set(options: Partial<InstanceCacheOptions> = {}, more: Partial<Source> = {}) {
	const fake = fakeSource();
	const clock = { ms: 1000 };
	const stale: { key: string; ageSeconds: number }[] = [];
	const cache = createInstanceCache(
		{ ...fake.source, ...more },
		{
			now: () => clock.ms,
			onStale: ({ key, ageSeconds }) => stale.push({ key, ageSeconds }),
			...options,
		},
	);
	fake.names.set(ID, "one");
	const after = (seconds: number) => {
		clock.ms += seconds * 1000;
	};
	return { ...fake, cache, clock, stale, after };
}

describe("one instance", () => {
	test("50 callers at once share one look-up", async () => {
		const { cache, asked } = set();
		const answers = await Promise.all(Array.from({ length: 50 }, () => cache.get(ID, "wiring")));
		expect(new Set(answers).size).toBe(1);
		expect(nameOf(answers[0])).toBe("one");
		expect(asked).toEqual([{ id: ID, detail: "wiring" }]);
	});

	test("a look-up of all details serves callers who want the wiring, during it and afterwards", async () => {
		const { cache, asked } = set();
		const [all, wiring] = await Promise.all([cache.get(ID, "all"), cache.get(ID, "wiring")]);
		expect(wiring).toBe(all);
		expect(cache.get(ID, "wiring")).toBe(all);
		expect(asked).toEqual([{ id: ID, detail: "all" }]);
	});

	test("a part does not serve requests for the other part or for all details; all details serve each part", async () => {
		const { cache, asked } = set();
		for (const detail of ["wiring", "server", "wiring", "server", "all", "wiring", "server"] as const) {
			await cache.get(ID, detail);
		}
		expect(asked.map(({ detail }) => detail)).toEqual(["wiring", "server", "all"]);
	});

	test("a source that gives all details anyway is asked once, and its answer kept once", async () => {
		const { cache, names, asked } = set({}, { hasAllDetails: true });
		names.set("other", "other");
		for (const detail of ["wiring", "server", "all"] as const) await cache.get("other", detail);
		expect(asked).toHaveLength(1);
		expect(cache.stats().entries).toBe(1);
	});

	test("a cached answer is the same object, and not a promise", async () => {
		const { cache, asked, after } = set();
		const cold = await cache.get(ID, "all");
		after(9);
		expect(cache.get(ID, "all")).toBe(cold);
		expect(asked).toHaveLength(1);
	});

	test("in the last third of its maximum age an answer is revalidated in the background", async () => {
		const { cache, names, asked, after } = set();
		await cache.get(ID, "all");
		names.set(ID, "two");
		after(12);
		expect(nameOf(cache.get(ID, "all") as Instance)).toBe("one");
		await vi.waitFor(() => expect(nameOf(cache.get(ID, "all") as Instance)).toBe("two"));
		expect(asked).toHaveLength(2);
		expect(cache.stats()).toMatchObject({ refreshes: 1, misses: 1 });
	});

	test("beyond the maximum age the caller waits for a new answer", async () => {
		const { cache, names, after } = set();
		await cache.get(ID, "all");
		names.set(ID, "two");
		after(15);
		const answer = cache.get(ID, "all");
		expect(answer).toBeInstanceOf(Promise);
		expect(nameOf(await answer)).toBe("two");
	});

	test("the object stays the same as long as the facts do", async () => {
		const { cache, names, after } = set();
		const first = await cache.get(ID, "all");
		after(60);
		expect(await cache.get(ID, "all")).toBe(first);
		names.set(ID, "two");
		after(60);
		expect(await cache.get(ID, "all")).not.toBe(first);
	});

	test("an answer with all details replaces the equal parts", async () => {
		const { cache } = set();
		const wiring = await cache.get(ID, "wiring");
		expect(await cache.get(ID, "server")).toBe(wiring);
		expect(await cache.get(ID, "all")).toBe(wiring);
		expect(cache.stats().entries).toBe(1);
	});

	test("an absence is cached for two seconds", async () => {
		const { cache, names, asked, after } = set();
		names.delete(ID);
		expect(await cache.get(ID, "all")).toBeUndefined();
		expect(cache.get(ID, "all")).toBeUndefined();
		expect(asked).toHaveLength(1);
		names.set(ID, "late");
		after(2);
		expect(nameOf(await cache.get(ID, "all"))).toBe("late");
	});

	test("an answer that another look-up provides is as old as that look-up", async () => {
		const { cache, names, state, after } = set();
		const gate = Promise.withResolvers<void>();
		state.gate = gate.promise;
		const all = cache.get(ID, "all");
		after(8);
		const wiring = cache.get(ID, "wiring");
		names.set(ID, "two");
		gate.resolve();
		expect([nameOf(await all), nameOf(await wiring)]).toEqual(["one", "one"]);
		after(7);
		expect(nameOf(await cache.get(ID, "wiring"))).toBe("two");
	});

	test("a caller that gives up does not abort the others' look-up", async () => {
		const { cache, state, asked } = set();
		const gate = Promise.withResolvers<void>();
		state.gate = gate.promise;
		const leaving = new AbortController();
		const left = cache.get(ID, "all", leaving.signal);
		const stayed = cache.get(ID, "all");
		leaving.abort(new Error("gone"));
		await expect(left).rejects.toThrow("gone");
		gate.resolve();
		expect(nameOf(await stayed)).toBe("one");
		await expect(cache.get(ID, "wiring", AbortSignal.abort(new Error("late")))).not.toBeInstanceOf(Promise);
		expect(asked).toHaveLength(1);
	});

	test("an answer that took longer than its maximum age is served for five seconds without another look-up", async () => {
		const { cache, asked, state, after } = set();
		const gate = Promise.withResolvers<void>();
		state.gate = gate.promise;
		const late = cache.get(ID, "wiring");
		after(60);
		gate.resolve();
		expect(nameOf(await late)).toBe("one");
		after(4);
		expect(cache.get(ID, "wiring")).not.toBeInstanceOf(Promise);
		expect(asked).toHaveLength(1);
		after(2);
		await cache.get(ID, "wiring");
		expect(asked).toHaveLength(2);
	});

	test("more instances than fit in `maxBytes` evict those that were used once", async () => {
		const maxBytes = 1_500_000;
		const { cache, names, asked } = set({ maxBytes });
		const ids = Array.from({ length: 1000 }, (_, n) => `id-${n}`);
		for (const id of ids) names.set(id, id);
		const some = ids.slice(0, 10);
		for (const id of [...some, ...some, ...ids]) await cache.get(id, "wiring");
		const { entries, bytes } = cache.stats();
		expect(bytes).toBeLessThan(maxBytes);
		expect(entries).toBeGreaterThan(20);
		expect(asked.length).toBe(1000);
		for (const id of some) expect(cache.get(id, "wiring")).not.toBeInstanceOf(Promise);
	});
});

describe("a source that reports changes", () => {
	test("is called again after a change, and never before", async () => {
		const { cache, names, asked, after, change } = set({ maxAge: Number.POSITIVE_INFINITY });
		names.set("other", "x");
		await cache.get(ID, "all");
		await cache.get("other", "all");
		after(1e9);
		expect(nameOf(cache.get(ID, "all") as Instance)).toBe("one");
		names.set(ID, "two");
		change(ID);
		expect(nameOf(await cache.get(ID, "all"))).toBe("two");
		expect(cache.get("other", "all")).not.toBeInstanceOf(Promise);
		change("other");
		await cache.get("other", "all");
		expect(asked.map(({ id }) => id)).toEqual([ID, "other", ID, "other"]);
	});

	test("the answer to a look-up from before the change is neither cached nor returned after a newer one", async () => {
		const { cache, names, state, change } = set();
		const gate = Promise.withResolvers<void>();
		state.gate = gate.promise;
		const before = cache.get(ID, "all");
		names.set(ID, "two");
		change(ID);
		state.gate = undefined;
		expect(nameOf(await cache.get(ID, "all"))).toBe("two");
		gate.resolve();
		expect(nameOf(await before)).toBe("two");
		expect(nameOf(await cache.get(ID, "all"))).toBe("two");
	});
});

describe("an instance that is prepared", () => {
	test("is served at once, whatever part of it is wanted, without a call to the source", async () => {
		const { cache, asked } = set();
		const prepared = await cache.prepare(ID, "all");
		expect(nameOf(prepared)).toBe("one");
		for (const detail of ["wiring", "server", "all"] as const) expect(cache.get(ID, detail)).toBe(prepared);
		expect(asked).toEqual([]);
	});

	test("is not looked up while it is current, and keeps its object while the facts are the same", async () => {
		const { cache, change, names } = set();
		const first = await cache.prepare(ID, "all");
		names.set(ID, "unseen");
		expect(await cache.prepare(ID, "all")).toBe(first);
		names.set(ID, "one");
		change(ID);
		expect(await cache.prepare(ID, "all")).toBe(first);
	});

	test("is reported as outdated by each change, and prepared again", async () => {
		const { cache, change, names, asked } = set();
		const outdated: string[] = [];
		cache.onOutdated((id) => outdated.push(id));
		await cache.prepare(ID, "all");
		names.set(ID, "two");
		change(ID);
		expect(outdated).toEqual([ID]);
		expect(nameOf(await cache.prepare(ID, "all"))).toBe("two");
		expect(nameOf(await cache.get(ID, "wiring"))).toBe("two");
		expect(asked).toEqual([]);
	});

	test("is not cached if it changes meanwhile, or if a guest got a newer answer", async () => {
		for (const meanwhile of ["change", "get"] as const) {
			const { cache, change, names, state } = set();
			const { promise, resolve } = Promise.withResolvers<void>();
			state.gate = promise;
			const preparing = cache.prepare(ID, "all");
			state.gate = undefined;
			names.set(ID, "two");
			if (meanwhile === "change") change(ID);
			else expect(nameOf(await cache.get(ID, "wiring"))).toBe("two");
			resolve();
			expect(await preparing).toBeUndefined();
			expect(nameOf(await cache.get(ID, "wiring"))).toBe("two");
		}
	});

	test("is looked up as usual if the source does not know it", async () => {
		const { cache, unknown, asked } = set();
		unknown.add(ID);
		expect(await cache.prepare(ID, "all")).toBeUndefined();
		expect(nameOf(await cache.get(ID, "wiring"))).toBe("one");
		expect(asked).toHaveLength(1);
	});

	test("never evicts another one", async () => {
		const { cache, names, asked } = set({ maxBytes: 200_000 });
		const ids = Array.from({ length: 100 }, (_, at) => `${at}`);
		for (const id of ids) names.set(id, id);
		const prepared: string[] = [];
		for (const id of ids) if ((await cache.prepare(id, "all")) !== undefined) prepared.push(id);
		expect(prepared.length).toBeGreaterThan(5);
		expect(prepared).toEqual(ids.slice(0, prepared.length));
		for (const id of prepared) expect(cache.get(id, "all")).not.toBeInstanceOf(Promise);
		expect(asked).toEqual([]);
	});
});

describe("a source that can't be reached", () => {
	test("the last answer is served, counted and reported with its age", async () => {
		const { cache, state, after, stale } = set();
		const good = await cache.get(ID, "all");
		state.down = true;
		after(100);
		expect(await cache.get(ID, "all")).toBe(good);
		after(1);
		expect(cache.get(ID, "all")).toBe(good); // the source is left alone for two seconds
		expect(stale).toEqual([
			{ key: ID, ageSeconds: 100 },
			{ key: ID, ageSeconds: 101 },
		]);
		expect(cache.stats()).toMatchObject({ staleAnswers: 2, oldestStaleSeconds: 101 });
		state.down = false;
		after(2);
		await cache.get(ID, "all");
		expect(cache.stats()).toMatchObject({ staleAnswers: 2, oldestStaleSeconds: 0 });
	});

	test("the last answer with all details serves callers who want the wiring", async () => {
		const { cache, state, after } = set();
		const good = await cache.get(ID, "all");
		state.down = true;
		after(100);
		expect(await cache.get(ID, "wiring")).toBe(good);
	});

	test("any answer of the source resets the reported age", async () => {
		const { cache, names, state, after } = set();
		names.set("other", "x");
		await cache.get(ID, "server");
		state.down = true;
		after(100);
		await cache.get(ID, "server");
		expect(cache.stats().oldestStaleSeconds).toBe(100);
		state.down = false;
		await cache.get("other", "wiring");
		expect(cache.stats().oldestStaleSeconds).toBe(0);
	});

	test("one instance that always fails does not make the others stale", async () => {
		const { cache, names, failing, after } = set();
		names.set("bad", "x");
		failing.add("bad");
		await cache.get(ID, "all");
		names.set(ID, "two");
		after(20);
		for (const _ of [1, 2, 3, 4]) {
			await expect(cache.get("bad", "all")).rejects.toMatchObject({ code: "cloud-unavailable" });
			after(2);
		}
		expect(nameOf(await cache.get(ID, "all"))).toBe("two");
	});

	test("when everything fails, callers with an old answer do not wait; answers are current again as soon as it ends", async () => {
		const { cache, names, state, after } = set();
		const ids = ["a", "b", "c", "d"];
		for (const id of ids) names.set(id, "one");
		await Promise.all(ids.map((id) => cache.get(id, "all")));
		state.down = true;
		after(20);
		for (const id of ids.slice(0, 3)) expect(nameOf(await cache.get(id, "all"))).toBe("one");
		names.set("d", "two");
		state.down = false;
		expect(nameOf(cache.get("d", "all") as Instance)).toBe("one");
		await vi.waitFor(() => expect(nameOf(cache.get("d", "all") as Instance)).toBe("two"));
	});

	test("while everything hangs, callers with an old answer do not wait, however long; they do once something is answered", async () => {
		vi.useFakeTimers();
		try {
			const { cache, names, state, after } = set();
			const ids = ["a", "b", "c", "d", "e"];
			for (const id of ids) names.set(id, "one");
			await Promise.all(ids.map((id) => cache.get(id, "all")));
			const gate = Promise.withResolvers<void>();
			state.gate = gate.promise;
			after(20);
			const waiting = Promise.all(["a", "b", "c"].map((id) => cache.get(id, "all")));
			after(2);
			await vi.advanceTimersByTimeAsync(2000);
			expect((await waiting).map(nameOf)).toEqual(["one", "one", "one"]);
			after(30);
			expect(nameOf(cache.get("d", "all") as Instance)).toBe("one");
			state.gate = undefined;
			gate.resolve();
			await vi.advanceTimersByTimeAsync(0);
			names.set("e", "two");
			expect(nameOf(await cache.get("e", "all"))).toBe("two");
		} finally {
			vi.useRealTimers();
		}
	});

	test("an unknown instance is an error, and looked up again after two seconds", async () => {
		const { cache, state, after, asked } = set();
		state.down = true;
		await expect(cache.get(ID, "all")).rejects.toMatchObject({ code: "cloud-unavailable" });
		await expect(cache.get(ID, "all")).rejects.toMatchObject({ code: "cloud-unavailable" });
		expect(asked).toHaveLength(1);
		state.down = false;
		after(2);
		expect(nameOf(await cache.get(ID, "all"))).toBe("one");
	});

	test("an absence is not served as a stale answer", async () => {
		const { cache, names, state, after } = set();
		names.delete(ID);
		await cache.get(ID, "all");
		state.down = true;
		after(2);
		await expect(cache.get(ID, "all")).rejects.toMatchObject({ code: "cloud-unavailable" });
	});

	test("a caller with an old answer waits two seconds for a slow one", async () => {
		vi.useFakeTimers();
		try {
			const { cache, names, state, after } = set();
			await cache.get(ID, "all");
			const gate = Promise.withResolvers<void>();
			state.gate = gate.promise;
			names.set(ID, "two");
			after(20);
			const waiting = cache.get(ID, "all");
			await vi.advanceTimersByTimeAsync(2000);
			expect(nameOf(await waiting)).toBe("one");
			expect(nameOf(cache.get(ID, "all") as Instance)).toBe("one");
			gate.resolve();
			await vi.advanceTimersByTimeAsync(0);
			expect(nameOf(cache.get(ID, "all") as Instance)).toBe("two");
			expect(cache.stats()).toMatchObject({ staleAnswers: 2, oldestStaleSeconds: 0 });
		} finally {
			vi.useRealTimers();
		}
	});
});

describe("owners", () => {
	test("one look-up per query, in any order of its members, for five seconds", async () => {
		const { cache, owners, queries, after } = set();
		const [a, b] = ["a", "b"].map((id) => [{ id, networkId: "n" }]) as [Owner[], Owner[]];
		owners.set("10.0.0.1", a);
		const query = { address: "10.0.0.1", networkId: "n" };
		const answers = [cache.owners(query), cache.owners({ networkId: "n", address: "10.0.0.1" })];
		expect(await Promise.all(answers)).toEqual([a, a]);
		expect(queries).toEqual([query]);
		owners.set("10.0.0.1", b);
		after(5);
		expect(await cache.owners(query)).toEqual(b);
	});

	test("while the source is down, the last owner of an address is served for five minutes, but never for private data", async () => {
		const { cache, owners, state, after } = set();
		const a: Owner[] = [{ id: "a", networkId: "n" }];
		owners.set("10.0.0.1", a);
		const query = { address: "10.0.0.1", networkId: "n" };
		await cache.owners(query);
		state.down = true;
		after(299);
		expect(await cache.owners(query)).toEqual(a);
		await expect(cache.owners(query, undefined, true)).rejects.toMatchObject({ code: "cloud-unavailable" });
		after(1);
		await expect(cache.owners(query)).rejects.toMatchObject({ code: "cloud-unavailable" });
		after(2);
		await expect(cache.owners(query)).rejects.toMatchObject({ code: "cloud-unavailable" });
	});

	test("callers wait a second for a slow source, or as long as it takes for private data", async () => {
		vi.useFakeTimers();
		try {
			const { cache, owners, state, after } = set();
			const [old, present] = [[{ id: "old", networkId: "n" }], [{ id: "present", networkId: "n" }]];
			owners.set("10.0.0.1", old);
			const query = { address: "10.0.0.1", networkId: "n" };
			await cache.owners(query);
			owners.set("10.0.0.1", present);
			const gate = Promise.withResolvers<void>();
			state.gate = gate.promise;
			after(10);
			const answer = cache.owners(query, undefined, true);
			const publicAnswer = cache.owners(query);
			await vi.advanceTimersByTimeAsync(1000);
			expect(await publicAnswer).toEqual(old);
			expect(await cache.owners(query)).toEqual(old);
			const secondAnswer = cache.owners(query, undefined, true);
			await vi.advanceTimersByTimeAsync(9000);
			gate.resolve();
			expect(await answer).toEqual(present);
			expect(await secondAnswer).toEqual(present);
		} finally {
			vi.useRealTimers();
		}
	});

	test("callers don't wait for a source that has just taken longer than they would wait", async () => {
		vi.useFakeTimers();
		try {
			const { cache, owners, state, after, report } = set();
			const [one, two, three] = ["10.0.0.1", "10.0.0.2", "10.0.0.3"].map((address) => ({ address, networkId: "n" }));
			const [old, present] = [[{ id: "old", networkId: "n" }], [{ id: "present", networkId: "n" }]];
			for (const query of [one, two, three]) {
				owners.set(query?.address ?? "", old);
				await cache.owners(query as PortQuery);
			}
			for (const address of owners.keys()) owners.set(address, present);
			let gate = Promise.withResolvers<void>();
			state.gate = gate.promise;
			after(10);
			const slow = cache.owners(one as PortQuery);
			await vi.advanceTimersByTimeAsync(1000);
			expect(await slow).toEqual(old);
			after(1.5);
			gate.resolve();
			await vi.advanceTimersByTimeAsync(0);
			expect(cache.owners(one as PortQuery)).toEqual(present);

			gate = Promise.withResolvers();
			state.gate = gate.promise;
			expect(cache.owners(two as PortQuery)).toEqual(old);
			// A change was reported, and may be known already.
			report({ kind: "address", ids: ["10.0.0.2"] });
			const changed = cache.owners(two as PortQuery);
			expect(changed).toBeInstanceOf(Promise);
			const ofPrivate = cache.owners(two as PortQuery, undefined, true);
			after(2);
			// That was some time ago: the source may be fast again.
			const waiting = cache.owners(three as PortQuery);
			gate.resolve();
			expect(await waiting).toEqual(present);
			expect(await ofPrivate).toEqual(present);
			expect(await changed).toEqual(present);
		} finally {
			vi.useRealTimers();
		}
	});

	test("the same address on another network is another query", async () => {
		const { cache, queries } = set();
		await cache.owners({ address: "10.0.0.1", networkId: "n" });
		await cache.owners({ address: "10.0.0.1", networkId: "m" });
		await cache.owners({ address: "10.0.0.1", routerId: "m" });
		expect(queries).toHaveLength(3);
	});
});

describe("revalidation on request", () => {
	test.each(["wiring", "all"] as const)(
		"%s: one look-up a second for all callers, which is cached, whatever others were answered before",
		async (detail) => {
			const { cache, names, asked, after } = set();
			await cache.get(ID, detail);
			names.set(ID, "two");
			expect(nameOf(await cache.revalidate(ID, detail))).toBe("two");
			names.set(ID, "three");
			after(0.9);
			expect(nameOf(await cache.revalidate(ID, detail))).toBe("two");
			after(0.1);
			const answers = await Promise.all(Array.from({ length: 50 }, () => cache.revalidate(ID, detail)));
			expect(answers.map(nameOf)).toEqual(answers.map(() => "three"));
			expect(nameOf(cache.get(ID, detail) as Instance)).toBe("three");
			expect(asked).toHaveLength(3);
		},
	);

	test("only the look-up that it starts reads the instance again, not those that others start meanwhile", async () => {
		const { cache, asked, after } = set();
		await Promise.all([cache.get(ID, "wiring"), cache.revalidate(ID, "wiring")]);
		expect(asked).toEqual([{ id: ID, detail: "wiring" }]);
		after(1);
		await Promise.all([cache.revalidate(ID, "wiring"), cache.get(ID, "all"), cache.revalidate(ID, "wiring")]);
		expect(asked.slice(1)).toEqual([
			{ id: ID, detail: "wiring", reread: true },
			{ id: ID, detail: "all" },
		]);
	});

	test("fails while the source is down, despite a cached answer, and asks the source once in two seconds", async () => {
		const { cache, state, asked, after } = set();
		const kept = await cache.get(ID, "all");
		state.down = true;
		after(1);
		for (const _ of [1, 2, 3]) {
			await expect(cache.revalidate(ID, "all")).rejects.toMatchObject({ code: "cloud-unavailable" });
		}
		expect(cache.get(ID, "all")).toBe(kept);
		expect(asked).toHaveLength(2);
		after(2);
		state.down = false;
		expect(await cache.revalidate(ID, "all")).toBe(kept);
	});
});

test("made-up keys evict no real entries, and are themselves bounded", async () => {
	const { cache, owners, names, asked, queries } = set({ maxAbsent: 10 });
	owners.set("10.0.0.1", [{ id: ID, networkId: "n" }]);
	await cache.owners({ address: "10.0.0.1" });
	await cache.get(ID, "wiring");
	for (let i = 0; i < 100; i++) {
		await cache.owners({ address: `10.9.0.${i}` });
		await cache.get(`made-up-${i}`, "wiring");
	}
	expect(cache.stats().entries).toBe(1 + 10 + 1 + 10);
	expect(cache.owners({ address: "10.0.0.1" })).not.toBeInstanceOf(Promise);
	expect(nameOf(cache.get(ID, "wiring") as Instance)).toBe(names.get(ID));
	expect([asked.length, queries.length]).toEqual([101, 101]);
});

test("only a limited number of made-up keys wait for a source that hangs; known ones are still looked up", async () => {
	const { cache, owners, queries, state, after } = set();
	owners.set("10.0.0.1", [{ id: "a", networkId: "n" }]);
	await cache.owners({ address: "10.0.0.1" });
	const gate = Promise.withResolvers<void>();
	state.gate = gate.promise;
	const asked = Array.from({ length: 6000 }, (_, n) =>
		cache.owners({ networkId: "n", address: `2001:db8::${n.toString(16)}` }),
	);
	const answers = Promise.allSettled(asked);
	expect(queries).toHaveLength(1 + 5000);
	after(4);
	expect(cache.owners({ address: "10.0.0.1" })).toEqual([{ id: "a", networkId: "n" }]);
	// Another network's unknown guest has its place.
	const other = cache.owners({ networkId: "m", address: "10.0.0.2" });
	expect(queries).toHaveLength(1 + 5000 + 2);
	gate.resolve();
	const refused = (await answers).filter(({ status }) => status === "rejected");
	expect(refused).toHaveLength(1000);
	expect(await other).toEqual([]);
	expect(refused[0]).toMatchObject({ reason: { code: "cloud-unavailable" } });
	expect(await cache.owners({ address: "2001:db8::ffff" })).toEqual([]);
});

test("closing ends running look-ups and closes the source", async () => {
	const { cache, state } = set();
	const gate = Promise.withResolvers<void>();
	state.gate = gate.promise;
	const running = cache.get(ID, "all");
	await cache.close();
	gate.resolve();
	await expect(running).rejects.toMatchObject({ code: "cloud-unavailable" });
	expect(state.closed).toBe(true);
});

/** What can happen between two requests, in any order. */
const step = fc.oneof(
	fc.record({ wait: fc.integer({ min: 0, max: 20_000 }) }),
	fc.record({ rename: fc.constantFrom("one", "two", "three", undefined) }),
	fc.record({ down: fc.boolean() }),
	fc.record({ ask: fc.constantFrom<Detail>("wiring", "server", "all") }),
);

test("in any sequence of events no answer is older than 15 s unless the source is down, and no known answer is lost", {
	tags: ["slow"],
}, async () => {
	await fc.assert(
		fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
			const { cache, names, state, clock } = set({ maxAbsent: 10 });
			/** Every name the instance has had, with the time at which it got another. */
			const history: { name: string | undefined; until: number }[] = [{ name: "one", until: Number.POSITIVE_INFINITY }];
			let known = false;
			let failedAt = Number.NEGATIVE_INFINITY;
			for (const event of steps) {
				if ("wait" in event) clock.ms += event.wait;
				else if ("down" in event) state.down = event.down;
				else if ("rename" in event) {
					for (const entry of history) entry.until = Math.min(entry.until, clock.ms);
					history.push({ name: event.rename, until: Number.POSITIVE_INFINITY });
					if (event.rename === undefined) names.delete(ID);
					else names.set(ID, event.rename);
				} else {
					if (state.down) failedAt = clock.ms;
					const answer = await Promise.resolve(cache.get(ID, event.ask)).catch(() => "refused" as const);
					await new Promise(setImmediate); // the background revalidation ends
					const reachable = !state.down && clock.ms >= failedAt + 2000;
					if (answer === "refused") expect(reachable).toBe(false);
					else if (reachable) {
						const truths = history.filter(({ until }) => until > clock.ms - 15_000).map(({ name }) => name);
						expect(truths).toContain(nameOf(answer));
					}
					if (state.down && known) expect(answer).toBeInstanceOf(Object);
					// The background revalidation may have found that there is no such instance any more.
					const mayBeGone = !state.down && !names.has(ID);
					if (answer !== "refused") known = answer !== undefined && !mayBeGone && (known || event.ask === "all");
				}
			}
		}),
		{ numRuns: 300 },
	);
});
