import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { guest, novaSettings, recordedInstance } from "../../../test/metadata-service.ts";
import type { Change } from "../../source/source.ts";
import { openDatabase, type StateDatabase } from "../../store/database.ts";
import { type ComparisonTimes, createHistoryStore, type HistoryStore } from "../../store/history-store.ts";
import { createNodeStore } from "../../store/node-store.ts";
import { createGuestDocuments } from "../guest-documents.ts";
import { createDigests } from "../request-history/document-content.ts";
import { createRecorder } from "../request-history/recorder.ts";
import { createOverview, type Overview } from "./overview.ts";

const digestOf = createDigests(new Uint8Array(32));
const PATH = "openstack/latest/network_data.json";

describe("the overview", () => {
	const own = guest({ address: "192.0.2.7" });
	const documents = createGuestDocuments(novaSettings);
	let state: StateDatabase;
	let store: HistoryStore;
	let opened: Overview[];
	beforeEach(async () => {
		state = await openDatabase("memory");
		store = createHistoryStore(state);
		opened = [];
	});
	afterEach(async () => {
		await Promise.all(opened.map((overview) => overview.close()));
		await state.close();
	});

	const onError = (error: unknown) => {
		throw error;
	};
	/** One whose guests are compared only when they are opened. */
	async function open(): Promise<Overview> {
		const source = { list: async () => [{ id: own.id, name: "own" }], instance: async () => undefined };
		const overview = createOverview({
			source,
			isLocal: false,
			documents,
			store,
			nodes: createNodeStore(state),
			digestOf,
			onError,
		});
		opened.push(overview);
		await expect.poll(() => overview.guest(own.id)?.history).toBeDefined();
		return overview;
	}
	async function fetchDocument(body: Uint8Array, instance = own.id): Promise<void> {
		const recorder = createRecorder({ store, node: "n", writer: "n 1", digestOf, onLost: () => {}, onError });
		recorder.record({
			...{ at: 1000, instance, method: "GET", path: PATH, status: 200, bytes: body.length, ms: 1 },
			...{ userAgent: "", listener: "l", body },
		});
		await recorder.close();
	}

	it.each([
		["up to date", "current", () => documents.tree(own).answer(PATH)?.body],
		["out of date", "outdated", () => Buffer.from("{}")],
	])("shows a guest that is %s as such after a restart, before it is compared again", async (_, expected, body) => {
		await fetchDocument(body() ?? new Uint8Array());
		const first = await open();
		expect(first.guest(own.id)?.state).toBe("asked");
		await first.look(own.id, own);
		expect(first.guest(own.id)?.state).toBe(expected);
		const since = first.guest(own.id)?.history?.outdated_at;
		const second = await open();
		expect(second.guest(own.id)).toMatchObject({ state: expected, history: { outdated_at: since } });
	});

	it("compares what a change concerns, whatever its kind, and shows it as out of date since the change", {
		timeout: 30_000,
	}, async () => {
		const [trunk, other] = [recordedInstance("f-trunk"), recordedInstance("a-dhcp4")];
		for (const { id } of [trunk, other]) await fetchDocument(Buffer.from("{}"), id);
		const compared: string[] = [];
		let report: (change: Change) => void = () => {};
		// If the other one were compared too, that would be first.
		const all = new Map([other, trunk].map((instance) => [instance.id, instance]));
		let isOld = false;
		const overview = createOverview({
			source: {
				list: async () => Array.from(all.values(), ({ id }) => ({ id, name: id })),
				async instance(id, detail) {
					if (detail === "all") compared.push(id);
					return all.get(id);
				},
				onChange(listener) {
					report = listener;
				},
			},
			documents: {
				tree: (instance) => ({
					...documents.tree(instance),
					answer: () => ({ body: Buffer.from(isOld ? "[]" : "{}"), contentType: "" }),
				}),
			},
			...{ isLocal: true, store, nodes: createNodeStore(state), digestOf, onError },
		});
		opened.push(overview);
		const states = () => [trunk, other].map(({ id }) => overview.guest(id)?.state);
		await expect.poll(states, { timeout: 10_000 }).toEqual(["current", "current"]);
		compared.length = 0;
		isOld = true;
		const ids = trunk.ports.flatMap((port) => port.trunk?.id ?? []);
		const before = Date.now();
		report({ kind: "trunk", ids });
		const after = Date.now();
		await expect.poll(states, { timeout: 10_000 }).toEqual(["outdated", "current"]);
		expect(compared).toEqual([trunk.id]);
		const since = overview.guest(trunk.id)?.history?.outdated_at;
		expect(since).toBeGreaterThanOrEqual(before);
		expect(since).toBeLessThanOrEqual(after);
	});

	it("forgets the history of a deleted instance after some minutes, and no other", { timeout: 30_000 }, async () => {
		vi.useFakeTimers({ toFake: ["setInterval", "clearInterval", "Date"] });
		try {
			const ids = ["listed", "unlisted", "deleted"];
			for (const id of ids) await fetchDocument(Buffer.from("{}"), id);
			let isThere = true;
			let report: (change: Change) => void = () => {};
			const overview = createOverview({
				source: {
					list: async () => ids.slice(0, 1).map((id) => ({ id, name: id })),
					instance: async (id) => (id === "deleted" && !isThere ? undefined : { ...own, id }),
					onChange(listener) {
						report = listener;
					},
				},
				...{ isLocal: true, documents, store, nodes: createNodeStore(state), digestOf, onError },
			});
			opened.push(overview);
			await expect.poll(() => overview.isComplete).toBe(true);
			report({ kind: "server", ids: ["deleted"] });
			await expect.poll(() => overview.guest("deleted")?.history, { timeout: 10_000 }).toBeDefined();
			await vi.advanceTimersByTimeAsync(30 * 60_000);
			isThere = false;
			report({ kind: "server", ids: ["deleted"] });
			await expect.poll(() => overview.guest("deleted"), { timeout: 10_000 }).toBeUndefined();
			const stored = async () => {
				const found = await Promise.all(ids.map((id) => store.instance(id)));
				return found.map((line) => line?.instance_id);
			};
			await vi.advanceTimersByTimeAsync(5 * 60_000);
			expect(await stored()).toEqual(ids);
			await vi.advanceTimersByTimeAsync(10 * 60_000);
			await expect.poll(stored).toEqual(["listed", "unlisted", undefined]);
			expect(await store.documents("deleted")).toEqual([]);
			expect(await store.documents("unlisted")).toHaveLength(1);
		} finally {
			vi.useRealTimers();
		}
	});

	it("agrees with an older version beside it, which knows one column", async () => {
		await fetchDocument(documents.tree(own).answer(PATH)?.body ?? new Uint8Array());
		await (await open()).look(own.id, own);
		const { compared_at } = (await store.instance(own.id)) as ComparisonTimes;
		expect(compared_at).toBeGreaterThan(0);
		for (const [outdated_at, state] of [
			[0, "current"],
			[null, "current"],
			[7, "outdated"],
		] as const) {
			await store.setComparison(own.id, { outdated_at, compared_at });
			const overview = await open();
			expect(overview.guest(own.id)?.state).toBe(state);
			await overview.look(own.id, own);
			expect(await store.instance(own.id)).toMatchObject({ outdated_at: null, compared_at });
		}
	});
});
