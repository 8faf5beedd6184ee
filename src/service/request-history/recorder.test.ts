/** @module-tag slow */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it, vi } from "vitest";
import { answered, storesHistory } from "../../../test/history-contract.ts";
import { openDatabase } from "../../store/database.ts";
import { createHistoryStore, type HistoryStore } from "../../store/history-store.ts";
import { createDigests } from "./document-content.ts";
import { MAX_PENDING_REFUSED } from "./pending.ts";
import { createRecorder } from "./recorder.ts";
import { decodeRequests, MAX_REQUESTS } from "./request-list.ts";

const folder = mkdtempSync(join(tmpdir(), "guestwire-history-"));
afterAll(() => rmSync(folder, { recursive: true }));
let files = 0;
storesHistory(async () => ({ sqlite: join(folder, `${++files}.db`) }));

const options = { node: "n", writer: "n 1", digestOf: createDigests(new Uint8Array(32)), delay: 1 };

describe("the recorder", () => {
	it("writes soon after a request on its own", async () => {
		const state = await openDatabase("memory");
		const store = createHistoryStore(state);
		const { promise, resolve } = Promise.withResolvers<void>();
		const watched: HistoryStore = { ...store, write: (batch) => store.write(batch).then(resolve) };
		const recorder = createRecorder({ ...options, store: watched, onLost: () => {}, onError: () => {} });
		recorder.record(answered());
		await promise;
		expect(await store.instance("vm")).toMatchObject({ requests: 1 });
		await recorder.close();
		await state.close();
	});

	it.each([0, 400, 900, 1500, 2000])("has nothing unwritten for over 5 s while a write takes %i ms", async (time) => {
		vi.useFakeTimers();
		let [written, worst] = [Date.now(), 0];
		const pause = () => new Promise<void>((resolve) => setTimeout(resolve, time));
		const store: Pick<HistoryStore, "write" | "compact" | "trim" | "trimRefusals"> = {
			async write({ instances }) {
				await pause();
				written = instances[0]?.last_at ?? written;
			},
			compact: async () => {},
			trim: async () => false,
			trimRefusals: async () => {},
		};
		const recorder = createRecorder({ ...options, delay: 1000, store, onLost: () => {}, onError: () => {} });
		for (let n = 0; n < 1000; n++) {
			// Not compressed: other threads don't know of the fake time.
			recorder.record(answered({ at: Date.now(), path: "openstack/latest/user_data" }));
			await vi.advanceTimersByTimeAsync(20);
			worst = Math.max(worst, Date.now() - written);
		}
		expect(worst).toBeLessThanOrEqual(5100);
		expect(worst).toBeGreaterThan(1000);
		vi.useRealTimers();
	});

	it("goes on deleting after each write while there are too many instances", async () => {
		const left = [true, true, false, true];
		const trim = async () => left.shift() ?? false;
		const store = { write: async () => {}, compact: async () => {}, trimRefusals: async () => {}, trim };
		const recorder = createRecorder({ ...options, delay: 3_600_000, store, onLost: () => {}, onError: () => {} });
		for (let n = 0; n < 10; n++) {
			recorder.record(answered());
			await recorder.close();
		}
		expect(left).toEqual([true]);
	});

	it("keeps what could not be written, up to a limit, and counts the rest", async () => {
		const state = await openDatabase("memory");
		const store = createHistoryStore(state);
		let isAway = true;
		let lost = 0;
		const write: HistoryStore["write"] = (batch) => (isAway ? Promise.reject(new Error("away")) : store.write(batch));
		const errors: unknown[] = [];
		const recorder = createRecorder({
			...{ ...options, delay: 3_600_000, store: { ...store, write } },
			onLost: (requests) => {
				lost += requests;
			},
			onError: (error) => errors.push(error),
		});
		for (let at = 0; at < 100; at++) recorder.record(answered({ at }));
		await recorder.close();
		for (let at = 100; at < 130; at++) recorder.record(answered({ at }));
		for (let i = 0; i < MAX_PENDING_REFUSED + 10; i++)
			recorder.record(answered({ instance: undefined, reason: "no-owner", source: { peer: `10.0.0.${i % 8}` } }));
		await recorder.close();
		isAway = false;
		await recorder.close();
		expect([lost, errors.length]).toEqual([10, 2]);
		expect(await store.instance("vm")).toMatchObject({ requests: 130, first_at: 0, last_at: 129 });
		const kept = decodeRequests(await store.requests("vm"));
		expect(kept.map(({ at }) => at)).toEqual(Array.from({ length: MAX_REQUESTS }, (_, i) => 80 + i));
		expect(await store.versions("vm", "openstack/latest/network_data.json")).toHaveLength(1);
		await state.close();
	});
});
