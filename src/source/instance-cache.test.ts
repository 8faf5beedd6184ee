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
	const lists = { securityGroupNames: [], volumes: [], dedicatedCpus: [] };
	return { id, ports: [], server: { name, hostname: name, metadata: {}, launchIndex: 0, ...lists } };
}

/** A cloud whose instances are set from outside, and which counts what it is asked. */
function fakeSource() {
	const names = new Map<string, string>();
	const asked: { id: string; detail: Detail }[] = [];
	const queries: PortQuery[] = [];
	const owners = new Map<string, readonly Owner[]>();
	let listener: (change: Change) => void = () => {};
	/** Instances that can't be told, whatever becomes of the others. */
	const failing = new Set<string>();
	const state = { down: false, gate: undefined as Promise<void> | undefined, closed: false };
	const source: Source = {
		async instance(id, detail, signal) {
			asked.push({ id, detail });
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
		asked,
		queries,
		owners,
		state,
		change: (...ids: string[]) => listener({ kind: "server", ids }),
	};
}

function set(options: Partial<InstanceCacheOptions> = {}) {
	const fake = fakeSource();
	const clock = { ms: 1000 };
	const stale: { key: string; ageSeconds: number }[] = [];
	const directory = createInstanceCache(fake.source, {
		now: () => clock.ms,
		onStale: ({ key, ageSeconds }) => stale.push({ key, ageSeconds }),
		...options,
	});
	fake.names.set(ID, "one");
	const after = (seconds: number) => {
		clock.ms += seconds * 1000;
	};
	return { ...fake, directory, clock, stale, after };
}

describe("one instance", () => {
	test("50 callers at once cost one look-up", async () => {
		const { directory, asked } = set();
		const answers = await Promise.all(Array.from({ length: 50 }, () => directory.get(ID, "wiring")));
		expect(new Set(answers).size).toBe(1);
		expect(nameOf(answers[0])).toBe("one");
		expect(asked).toEqual([{ id: ID, detail: "wiring" }]);
	});

	test("a look-up for everything answers those who want the wiring, under way and afterwards", async () => {
		const { directory, asked } = set();
		const [all, wiring] = await Promise.all([directory.get(ID, "all"), directory.get(ID, "wiring")]);
		expect(wiring).toBe(all);
		expect(directory.get(ID, "wiring")).toBe(all);
		expect(asked).toEqual([{ id: ID, detail: "all" }]);
	});

	test("a part alone does not answer those who want another or everything, everything answers all", async () => {
		const { directory, asked } = set();
		for (const need of ["wiring", "server", "wiring", "server", "all", "wiring", "server"] as const) {
			await directory.get(ID, need);
		}
		expect(asked.map(({ detail }) => detail)).toEqual(["wiring", "server", "all"]);
	});

	test("a warm answer is no promise, costs nothing, and is the same object", async () => {
		const { directory, asked, after } = set();
		const cold = await directory.get(ID, "all");
		after(9);
		expect(directory.get(ID, "all")).toBe(cold);
		expect(asked).toHaveLength(1);
	});

	test("in the last third of its freshness an answer is asked for again behind it", async () => {
		const { directory, names, asked, after } = set();
		await directory.get(ID, "all");
		names.set(ID, "two");
		after(12);
		expect(nameOf(directory.get(ID, "all") as Instance)).toBe("one");
		await vi.waitFor(() => expect(nameOf(directory.get(ID, "all") as Instance)).toBe("two"));
		expect(asked).toHaveLength(2);
		expect(directory.stats()).toMatchObject({ refreshes: 1, misses: 1 });
	});

	test("beyond its freshness an answer is awaited", async () => {
		const { directory, names, after } = set();
		await directory.get(ID, "all");
		names.set(ID, "two");
		after(15);
		const answer = directory.get(ID, "all");
		expect(answer).toBeInstanceOf(Promise);
		expect(nameOf(await answer)).toBe("two");
	});

	test("the object stays as long as the facts are the same, and only so long", async () => {
		const { directory, names, after } = set();
		const first = await directory.get(ID, "all");
		after(60);
		expect(await directory.get(ID, "all")).toBe(first);
		names.set(ID, "two");
		after(60);
		expect(await directory.get(ID, "all")).not.toBe(first);
	});

	test("an equal answer for everything takes the place of its parts'", async () => {
		const { directory } = set();
		const wiring = await directory.get(ID, "wiring");
		expect(await directory.get(ID, "server")).toBe(wiring);
		expect(await directory.get(ID, "all")).toBe(wiring);
		expect(directory.stats().entries).toBe(1);
	});

	test("an absence is remembered for a moment only", async () => {
		const { directory, names, asked, after } = set();
		names.delete(ID);
		expect(await directory.get(ID, "all")).toBeUndefined();
		expect(directory.get(ID, "all")).toBeUndefined();
		expect(asked).toHaveLength(1);
		names.set(ID, "late");
		after(2);
		expect(nameOf(await directory.get(ID, "all"))).toBe("late");
	});

	test("an answer that another look-up brings along is as old as that", async () => {
		const { directory, names, state, after } = set();
		const gate = Promise.withResolvers<void>();
		state.gate = gate.promise;
		const all = directory.get(ID, "all");
		after(8);
		const wiring = directory.get(ID, "wiring");
		names.set(ID, "two");
		gate.resolve();
		expect([nameOf(await all), nameOf(await wiring)]).toEqual(["one", "one"]);
		after(7);
		expect(nameOf(await directory.get(ID, "wiring"))).toBe("two");
	});

	test("a caller who gives up does not end the others' look-up", async () => {
		const { directory, state, asked } = set();
		const gate = Promise.withResolvers<void>();
		state.gate = gate.promise;
		const leaving = new AbortController();
		const left = directory.get(ID, "all", leaving.signal);
		const stayed = directory.get(ID, "all");
		leaving.abort(new Error("gone"));
		await expect(left).rejects.toThrow("gone");
		gate.resolve();
		expect(nameOf(await stayed)).toBe("one");
		await expect(directory.get(ID, "wiring", AbortSignal.abort(new Error("late")))).not.toBeInstanceOf(Promise);
		expect(asked).toHaveLength(1);
	});

	test("at most `max` are kept, the longest unused go first", async () => {
		const { directory, names, asked } = set({ max: 2 });
		for (const id of ["a", "b", "c"]) names.set(id, id);
		for (const id of ["a", "b", "a", "c", "a", "b"]) await directory.get(id, "wiring");
		expect(asked.map(({ id }) => id)).toEqual(["a", "b", "c", "b"]);
	});
});

describe("a cloud that tells of changes", () => {
	test("is asked again after one, and never before", async () => {
		const { directory, names, asked, after, change } = set({ freshness: Number.POSITIVE_INFINITY });
		names.set("other", "x");
		await directory.get(ID, "all");
		await directory.get("other", "all");
		after(1e9);
		expect(nameOf(directory.get(ID, "all") as Instance)).toBe("one");
		names.set(ID, "two");
		change(ID);
		expect(nameOf(await directory.get(ID, "all"))).toBe("two");
		expect(directory.get("other", "all")).not.toBeInstanceOf(Promise);
		change("other");
		await directory.get("other", "all");
		expect(asked.map(({ id }) => id)).toEqual([ID, "other", ID, "other"]);
	});

	test("an answer to a question from before the change is not kept", async () => {
		const { directory, names, state, change } = set();
		const gate = Promise.withResolvers<void>();
		state.gate = gate.promise;
		const before = directory.get(ID, "all");
		names.set(ID, "two");
		change(ID);
		state.gate = undefined;
		expect(nameOf(await directory.get(ID, "all"))).toBe("two");
		gate.resolve();
		expect(nameOf(await before)).toBe("one");
		expect(nameOf(await directory.get(ID, "all"))).toBe("two");
	});
});

describe("a cloud that can't be reached", () => {
	test("the last good answer is given, counted, and told with its age", async () => {
		const { directory, state, after, stale } = set();
		const good = await directory.get(ID, "all");
		state.down = true;
		after(100);
		expect(await directory.get(ID, "all")).toBe(good);
		after(1);
		expect(directory.get(ID, "all")).toBe(good); // the cloud is left alone for a moment
		expect(stale).toEqual([
			{ key: ID, ageSeconds: 100 },
			{ key: ID, ageSeconds: 101 },
		]);
		expect(directory.stats()).toMatchObject({ staleAnswers: 2, oldestStaleSeconds: 101 });
		state.down = false;
		after(2);
		await directory.get(ID, "all");
		expect(directory.stats()).toMatchObject({ staleAnswers: 2, oldestStaleSeconds: 0 });
	});

	test("the last good answer for everything serves those who want the wiring", async () => {
		const { directory, state, after } = set();
		const good = await directory.get(ID, "all");
		state.down = true;
		after(100);
		expect(await directory.get(ID, "wiring")).toBe(good);
	});

	test("any answer of it ends the age that is told", async () => {
		const { directory, names, state, after } = set();
		names.set("other", "x");
		await directory.get(ID, "server");
		state.down = true;
		after(100);
		await directory.get(ID, "server");
		expect(directory.stats().oldestStaleSeconds).toBe(100);
		state.down = false;
		await directory.get("other", "wiring");
		expect(directory.stats().oldestStaleSeconds).toBe(0);
	});

	test("one instance that always fails makes no other's answers old", async () => {
		const { directory, names, failing, after } = set();
		names.set("bad", "x");
		failing.add("bad");
		await directory.get(ID, "all");
		names.set(ID, "two");
		after(20);
		for (const _ of [1, 2, 3, 4]) {
			await expect(directory.get("bad", "all")).rejects.toMatchObject({ code: "cloud-unavailable" });
			after(2);
		}
		expect(nameOf(await directory.get(ID, "all"))).toBe("two");
	});

	test("when everything fails nobody who has an answer waits, and the next ones are new as soon as it ends", async () => {
		const { directory, names, state, after } = set();
		const ids = ["a", "b", "c", "d"];
		for (const id of ids) names.set(id, "one");
		await Promise.all(ids.map((id) => directory.get(id, "all")));
		state.down = true;
		after(20);
		for (const id of ids.slice(0, 3)) expect(nameOf(await directory.get(id, "all"))).toBe("one");
		names.set("d", "two");
		state.down = false;
		expect(nameOf(directory.get("d", "all") as Instance)).toBe("one");
		await vi.waitFor(() => expect(nameOf(directory.get("d", "all") as Instance)).toBe("two"));
	});

	test("an unknown instance is an error, asked again after a moment", async () => {
		const { directory, state, after, asked } = set();
		state.down = true;
		await expect(directory.get(ID, "all")).rejects.toMatchObject({ code: "cloud-unavailable" });
		await expect(directory.get(ID, "all")).rejects.toMatchObject({ code: "cloud-unavailable" });
		expect(asked).toHaveLength(1);
		state.down = false;
		after(2);
		expect(nameOf(await directory.get(ID, "all"))).toBe("one");
	});

	test("an absence is no answer to give while it lasts", async () => {
		const { directory, names, state, after } = set();
		names.delete(ID);
		await directory.get(ID, "all");
		state.down = true;
		after(2);
		await expect(directory.get(ID, "all")).rejects.toMatchObject({ code: "cloud-unavailable" });
	});

	test("who knows an old answer waits two seconds for a slow one", async () => {
		vi.useFakeTimers();
		try {
			const { directory, names, state, after } = set();
			await directory.get(ID, "all");
			const gate = Promise.withResolvers<void>();
			state.gate = gate.promise;
			names.set(ID, "two");
			after(20);
			const waiting = directory.get(ID, "all");
			await vi.advanceTimersByTimeAsync(2000);
			expect(nameOf(await waiting)).toBe("one");
			expect(nameOf(directory.get(ID, "all") as Instance)).toBe("one");
			gate.resolve();
			await vi.advanceTimersByTimeAsync(0);
			expect(nameOf(directory.get(ID, "all") as Instance)).toBe("two");
			expect(directory.stats()).toMatchObject({ staleAnswers: 2, oldestStaleSeconds: 0 });
		} finally {
			vi.useRealTimers();
		}
	});
});

describe("owners", () => {
	test("one look-up a query, whatever the order of its members, for five seconds", async () => {
		const { directory, owners, queries, after } = set();
		const [a, b] = ["a", "b"].map((id) => [{ id, networkId: "n" }]) as [Owner[], Owner[]];
		owners.set("10.0.0.1", a);
		const query = { address: "10.0.0.1", networkId: "n" };
		const answers = [directory.owners(query), directory.owners({ networkId: "n", address: "10.0.0.1" })];
		expect(await Promise.all(answers)).toEqual([a, a]);
		expect(queries).toEqual([query]);
		owners.set("10.0.0.1", b);
		after(5);
		expect(await directory.owners(query)).toEqual(b);
	});

	test("while the cloud is down an address is its last owner's for five minutes, no longer", async () => {
		const { directory, owners, state, after } = set();
		const a: Owner[] = [{ id: "a", networkId: "n" }];
		owners.set("10.0.0.1", a);
		const query = { address: "10.0.0.1", networkId: "n" };
		await directory.owners(query);
		state.down = true;
		after(299);
		expect(await directory.owners(query)).toEqual(a);
		after(1);
		await expect(directory.owners(query)).rejects.toMatchObject({ code: "cloud-unavailable" });
		after(2);
		await expect(directory.owners(query)).rejects.toMatchObject({ code: "cloud-unavailable" });
	});

	test("a cloud that is merely slow makes nobody an old owner's", async () => {
		vi.useFakeTimers();
		try {
			const { directory, owners, state, after } = set();
			const [old, present] = [[{ id: "old", networkId: "n" }], [{ id: "present", networkId: "n" }]];
			owners.set("10.0.0.1", old);
			const query = { address: "10.0.0.1", networkId: "n" };
			await directory.owners(query);
			owners.set("10.0.0.1", present);
			const gate = Promise.withResolvers<void>();
			state.gate = gate.promise;
			after(10);
			const answer = directory.owners(query);
			await vi.advanceTimersByTimeAsync(10_000);
			gate.resolve();
			expect(await answer).toEqual(present);
		} finally {
			vi.useRealTimers();
		}
	});

	test("another network's same address is another question", async () => {
		const { directory, queries } = set();
		await directory.owners({ address: "10.0.0.1", networkId: "n" });
		await directory.owners({ address: "10.0.0.1", networkId: "m" });
		await directory.owners({ address: "10.0.0.1", routerId: "m" });
		expect(queries).toHaveLength(3);
	});
});

describe("asked again", () => {
	test.each(["wiring", "all"] as const)(
		"%s: what is younger than a second, then one look-up for all, which is kept",
		async (need) => {
			const { directory, names, asked, after } = set();
			await directory.get(ID, need);
			names.set(ID, "two");
			after(0.9);
			expect(nameOf(await directory.revalidate(ID, need))).toBe("one");
			after(0.1);
			const answers = await Promise.all(Array.from({ length: 50 }, () => directory.revalidate(ID, need)));
			expect(answers.map(nameOf)).toEqual(answers.map(() => "two"));
			expect(nameOf(directory.get(ID, need) as Instance)).toBe("two");
			expect(asked).toHaveLength(2);
		},
	);

	test("an answer that is kept is no answer while the cloud can't be asked, which it is once in two seconds", async () => {
		const { directory, state, asked, after } = set();
		const kept = await directory.get(ID, "all");
		state.down = true;
		after(1);
		for (const _ of [1, 2, 3]) {
			await expect(directory.revalidate(ID, "all")).rejects.toMatchObject({ code: "cloud-unavailable" });
		}
		expect(directory.get(ID, "all")).toBe(kept);
		expect(asked).toHaveLength(2);
		after(2);
		state.down = false;
		expect(await directory.revalidate(ID, "all")).toBe(kept);
	});
});

test("closing ends look-ups under way and the cloud", async () => {
	const { directory, state } = set();
	const gate = Promise.withResolvers<void>();
	state.gate = gate.promise;
	const underWay = directory.get(ID, "all");
	await directory.close();
	gate.resolve();
	await expect(underWay).rejects.toMatchObject({ code: "cloud-unavailable" });
	expect(state.closed).toBe(true);
});

/** What may happen between two requests, in any order. */
const step = fc.oneof(
	fc.record({ wait: fc.integer({ min: 0, max: 20_000 }) }),
	fc.record({ rename: fc.constantFrom("one", "two", "three", undefined) }),
	fc.record({ down: fc.boolean() }),
	fc.record({ ask: fc.constantFrom<Detail>("wiring", "server", "all") }),
);

test("whatever happens: no answer is older than 15 s unless the cloud is down, and a known one is never lost", async () => {
	await fc.assert(
		fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
			const { directory, names, state, clock } = set();
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
					const answer = await Promise.resolve(directory.get(ID, event.ask)).catch(() => "refused" as const);
					await new Promise(setImmediate); // what was asked for behind the answer comes in
					const reachable = !state.down && clock.ms >= failedAt + 2000;
					if (answer === "refused") expect(reachable).toBe(false);
					else if (reachable) {
						const truths = history.filter(({ until }) => until > clock.ms - 15_000).map(({ name }) => name);
						expect(truths).toContain(nameOf(answer));
					}
					if (state.down && known) expect(answer).toBeInstanceOf(Object);
					if (answer !== "refused") known = answer !== undefined && (known || event.ask === "all");
				}
			}
		}),
		{ numRuns: 300 },
	);
});
