import { setTimeout } from "node:timers/promises";
import { describe, expect, onTestFinished, test } from "vitest";
import { createNetworkCloud, NEUTRON, network } from "../../test/network-cloud.ts";
import { openDatabase } from "../store/database.ts";
import { type Clock, systemClock } from "./clock.ts";
import { noEvents } from "./mirror-events.ts";
import { openMirror } from "./open-mirror.ts";
import { openMirrorStore } from "./open-mirror-store.ts";

test("what was deleted after a watcher died without recording its fill is deleted at once, and not counted as missed", async () => {
	const state = await openDatabase("memory");
	const store = await openMirrorStore(state, { sourceId: "cloud", userData: true });
	await store.apply({ upserts: [network("gone"), network("kept")] });
	const missed: string[] = [];
	// Each look at the clock is later than the one before.
	let time = Date.now();
	const { source } = await openMirror(createNetworkCloud("kept").remote, {
		...{ store, freshness: 15, userData: true, profile: "full", sweepSeconds: 3600, pollSeconds: 1 },
		clock: { ...systemClock, now: () => ++time },
		events: { ...noEvents, onMissedChanges: (_kind, ids) => void missed.push(...ids) },
	});
	onTestFinished(async () => {
		await source.close();
		await state.close();
	});
	const ids = async () =>
		(await store.read([{ kind: "network", ids: ["gone", "kept"] }])).resources.map(({ id }) => id);
	await expect.poll(ids, { timeout: 10_000 }).toEqual(["kept"]);
	expect(missed).toEqual([]);
});

describe("a bus that works", () => {
	/** Time passes this much faster. */
	const SPEED = 200;
	const startedAt = Date.now();
	const clock: Clock = {
		now: () => startedAt + performance.now() * SPEED,
		sleep: (milliseconds, signal) => setTimeout(milliseconds / SPEED, undefined, { signal, ref: false }),
	};
	const SOON = { timeout: 10_000, interval: 5 };

	async function watched() {
		const state = await openDatabase("memory");
		onTestFinished(() => state.close());
		const store = await openMirrorStore(state, { sourceId: "cloud", userData: true });
		const cloud = createNetworkCloud("lan", [NEUTRON], clock.now);
		const open = async () => {
			const { source } = await openMirror(cloud.remote, {
				...{ store, freshness: 15, userData: true, profile: "full", sweepSeconds: 10, pollSeconds: 0, clock },
			});
			onTestFinished(() => source.close());
			// From then on it listens.
			await expect.poll(() => store.getMeta("senders"), SOON).toBeDefined();
			return source;
		};
		/** Waits until two more comparisons have ended: the second has seen everything. */
		const compared = async () => {
			for (const _ of [1, 2]) {
				const before = await store.getMeta("reconciledAt");
				await expect.poll(() => store.getMeta("reconciledAt"), SOON).not.toBe(before);
			}
		};
		const isCurrent = async () => ((await store.getMeta("current")) ?? 0) > clock.now() - 4000;
		const becomesCurrent = () => expect.poll(isCurrent, SOON).toBe(true);
		const hear = () => cloud.send((handler) => handler.onHeard("neutron"));
		const name = async () => (await store.read([{ kind: "network", ids: ["lan"] }])).resources[0]?.content;
		return { open, cloud, compared, isCurrent, becomesCurrent, hear, name, store };
	}

	test("proves nothing until a message has come; then everything is compared at once", async () => {
		const { open, compared, isCurrent, becomesCurrent, hear, store } = await watched();
		await open();
		await compared();
		expect(await store.getMeta("current")).toBeUndefined();
		expect(await isCurrent()).toBe(false);
		const heardAt = clock.now();
		hear();
		await becomesCurrent();
		expect(await store.getMeta("reconciledAt")).toBeGreaterThanOrEqual(heardAt);
	});

	test("a change that nobody reported ends the proof, until a comparison misses none", async () => {
		const { open, cloud, compared, isCurrent, becomesCurrent, hear, name } = await watched();
		await open();
		hear();
		await becomesCurrent();
		cloud.rename("unreported");
		await expect.poll(name, SOON).toMatchObject({ name: "unreported" });
		await expect.poll(isCurrent, SOON).toBe(false);
		await compared();
		expect(await isCurrent()).toBe(false);
		hear();
		await becomesCurrent();
	});

	test("the proof outlives the process", async () => {
		const { open, becomesCurrent, isCurrent, hear, store } = await watched();
		const first = await open();
		hear();
		await becomesCurrent();
		await expect.poll(() => store.getMeta("senders"), SOON).toMatchObject({ states: { neutron: "trusted" } });
		await first.close();
		await expect.poll(isCurrent, SOON).toBe(false);
		await open();
		await becomesCurrent();
	});
});
