/** @module-tag slow */
import { execFileSync } from "node:child_process";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { type Burst, createBatch } from "./batch.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** A batch whose rounds take `ms`, with the keys of each. */
function rounds(ms: number, share = 0) {
	const asked: (readonly string[])[] = [];
	const load = createBatch<string>({
		none: "none",
		share,
		async ask(keys) {
			asked.push(keys);
			await new Promise((resolve) => setTimeout(resolve, ms));
			return new Map(
				keys.flatMap((key) => (key === "gone" ? [] : [[key, key === "bad" ? new Error(key) : key.toUpperCase()]])),
			);
		},
	});
	return { asked, load };
}

const every = async (ms: number, count: number, act: (at: number) => void) => {
	for (let at = 0; at < count; at++) {
		act(at);
		await vi.advanceTimersByTimeAsync(ms);
	}
};

test("a single look-up waits a few milliseconds", async () => {
	const { asked, load } = rounds(50);
	const answer = load("a");
	await vi.advanceTimersByTimeAsync(6);
	expect(asked).toEqual([["a"]]);
	await vi.advanceTimersByTimeAsync(50);
	expect(await answer).toBe("A");
});

test("a key is requested once; a missing key resolves to none; an error affects only its own key", async () => {
	const { asked, load } = rounds(10);
	const answers = Promise.allSettled(["a", "a", "gone", "bad"].map(load));
	await vi.advanceTimersByTimeAsync(20);
	expect((await answers).map((it) => (it.status === "fulfilled" ? it.value : it.reason.message))).toEqual([
		"A",
		"A",
		"none",
		"bad",
	]);
	expect(asked).toEqual([["a", "gone", "bad"]]);
});

test("a result delivered early resolves before the round ends, and does not change when it ends", async () => {
	const load = createBatch<string>({
		none: "none",
		share: 0,
		async ask(_, resolve) {
			resolve("a", "early");
			resolve("bad", new Error("too early"));
			await new Promise((done) => setTimeout(done, 1000));
			return new Map([
				["a", "late"],
				["b", "late"],
			]);
		},
	});
	const settled: string[] = [];
	for (const key of ["a", "b", "bad", "gone"]) {
		load(key).then(
			(answer) => settled.push(`${key} ${answer}`),
			({ message }: Error) => settled.push(`${key} ${message}`),
		);
	}
	await vi.advanceTimersByTimeAsync(100);
	expect(settled).toEqual(["a early", "bad too early"]);
	await vi.advanceTimersByTimeAsync(1000);
	expect(settled.slice(2)).toEqual(["b late", "gone none"]);
});

test("200 look-ups within 200 ms need two rounds if a round takes 150 ms", async () => {
	const { asked, load } = rounds(150);
	await every(1, 200, (at) => void load(`k${at}`));
	await vi.advanceTimersByTimeAsync(1000);
	expect(asked.length).toBe(2);
	expect(asked.flat().length).toBe(200);
});

test("the look-ups that follow a burst share one round, whatever the order of its answers", async () => {
	const burst: Burst = { ended: Promise.resolve() };
	const answerAfter = (ms: number) => async (keys: readonly string[]) => {
		await new Promise((resolve) => void setTimeout(resolve, ms));
		return new Map(keys.map((key) => [key, `network of ${key}`]));
	};
	const networkOf = createBatch<string>({ ask: answerAfter(300), none: "", share: 0, leads: burst });
	const asked: string[][] = [];
	const network = createBatch<string>({
		none: "",
		share: 0,
		follows: burst,
		async ask(keys) {
			asked.push([...keys]);
			return new Map();
		},
	});
	const lookUp = (port: string) => networkOf(port).then(network);
	lookUp("a");
	await vi.advanceTimersByTimeAsync(10);
	await every(0.5, 100, (at) => void lookUp(`p${at}`));
	await vi.advanceTimersByTimeAsync(2000);
	expect(asked.map((keys) => keys.length)).toEqual([101]);
	lookUp("alone");
	await vi.advanceTimersByTimeAsync(320);
	expect(asked.at(-1)).toEqual(["network of alone"]);
});

test("a round with many look-ups does not wait for the burst that leads to more", async () => {
	const asked: number[] = [];
	const load = createBatch<string>({
		none: "",
		share: 0,
		follows: { ended: new Promise(() => {}) },
		async ask(keys) {
			asked.push(keys.length);
			return new Map();
		},
	});
	for (let at = 0; at < 20; at++) load(`a${at}`);
	await vi.advanceTimersByTimeAsync(500);
	expect(asked).toEqual([]);
	for (let at = 0; at < 300; at++) load(`b${at}`);
	await vi.advanceTimersByTimeAsync(0);
	expect(asked).toEqual([320]);
});

test("a round that hangs delays the next one by a quarter of a second", async () => {
	const { asked, load } = rounds(10_000);
	load("a");
	await vi.advanceTimersByTimeAsync(20);
	load("b");
	await vi.advanceTimersByTimeAsync(240);
	expect(asked).toEqual([["a"]]);
	await vi.advanceTimersByTimeAsync(40);
	expect(asked).toEqual([["a"], ["b"]]);
});

test("a shared result is requested again when it expires, and a failed one at once", async () => {
	const { asked, load } = rounds(10, 1000);
	const settle = () => vi.advanceTimersByTimeAsync(20);
	for (const key of ["a", "bad", "a", "bad"]) {
		load(key).catch(() => {});
		await settle();
	}
	expect(asked).toEqual([["a"], ["bad"], ["bad"]]);
	await vi.advanceTimersByTimeAsync(1000);
	load("a");
	await settle();
	expect(asked).toHaveLength(4);
});

test("a look-up in progress is shared however long it takes; its result expires relative to its request", async () => {
	const { asked, load } = rounds(5000, 1000);
	load("a");
	await vi.advanceTimersByTimeAsync(4000);
	load("a");
	await vi.advanceTimersByTimeAsync(1100);
	expect(asked).toEqual([["a"]]);
	load("a");
	await vi.advanceTimersByTimeAsync(100);
	expect(asked).toEqual([["a"], ["a"]]);
});

test("an invalidated key is requested again, even while its look-up is in progress", async () => {
	const { asked, load } = rounds(100, 1000);
	load("a");
	load("b");
	await vi.advanceTimersByTimeAsync(50);
	load.invalidate("a");
	load("a");
	load("b");
	await vi.advanceTimersByTimeAsync(400);
	expect(asked).toEqual([["a", "b"], ["a"]]);
	load.clear();
	load("b");
	await vi.advanceTimersByTimeAsync(200);
	expect(asked).toEqual([["a", "b"], ["a"], ["b"]]);
});

test("a failed round fails only its own look-ups", async () => {
	let fail = true;
	const load = createBatch<string>({
		none: "none",
		share: 0,
		ask: async () => {
			if (fail) throw new Error("down");
			return new Map([["b", "B"]]);
		},
	});
	const first = expect(load("a")).rejects.toThrow("down");
	await vi.advanceTimersByTimeAsync(20);
	await first;
	fail = false;
	const second = load("b");
	await vi.advanceTimersByTimeAsync(20);
	expect(await second).toBe("B");
});

test("a round keeps the process alive until it ends", () => {
	const module = new URL("./batch.ts", import.meta.url).href;
	const script = `
		const { createBatch } = await import("${module}");
		const load = createBatch({ ask: async () => new Map([["a", "A"]]), none: "none", share: 0 });
		console.log(await load("a"));`;
	expect(execFileSync(process.execPath, ["--input-type=module", "-e", script], { encoding: "utf8" })).toBe("A\n");
});
