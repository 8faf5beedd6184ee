import { expect, it } from "vitest";
import { answered } from "../../../test/history-contract.ts";
import { recordRequests } from "../../../test/operator-server.ts";
import { openDatabase } from "../../store/database.ts";
import { createHistoryStore } from "../../store/history-store.ts";
import { createHistoryReader } from "./history-reader.ts";

const LIMIT = 10;

it("keeps as many lines in memory as the state, with the latest requests", async () => {
	const state = await openDatabase("memory");
	const store = createHistoryStore(state);
	const reader = createHistoryReader({
		...{ store, maxLines: LIMIT, onLines() {}, onStored() {}, onRequests() {}, onRefusals() {} },
		onError(error) {
			throw error;
		},
	});
	const write = (ids: readonly string[], at: number) =>
		store.write({
			instances: ids.map((id) => ({
				...{ instance_id: id, first_at: at, last_at: at, last_status: 200, requests: 1, failures: 0 },
				...{ client: null, client_traits: 0, client_certainty: 0, user_agent: "", node: "n" },
			})),
			...{ documents: [], absent: [], requests: [], versions: [], refusals: [] },
		});
	// A guest that asks again and again, and others that are gone after one request.
	for (let round = 1; round <= 3; round++) {
		const gone = Array.from({ length: LIMIT }, (_, n) => `gone-${round}-${n}`);
		await write(["steady", ...gone], round);
		await write(["steady"], round);
		await expect.poll(() => reader.lines.get("steady")?.requests).toBe(2 * round);
		expect(reader.lines.size).toBe(LIMIT);
	}
	await reader.close();
	await state.close();
});

it("keeps what is stored when it can't be replaced, so that it is retried", async () => {
	const state = await openDatabase("memory");
	const stored = createHistoryStore(state);
	let isLocked = true;
	const store = {
		...stored,
		async setComparison(...given: Parameters<typeof stored.setComparison>) {
			if (isLocked) throw new Error("database is locked");
			await stored.setComparison(...given);
		},
	};
	await stored.write({
		instances: [
			{
				...{ instance_id: "vm", first_at: 1, last_at: 1, last_status: 200, requests: 1, failures: 0 },
				...{ client: null, client_traits: 0, client_certainty: 0, user_agent: "", node: "n" },
			},
		],
		...{ documents: [], absent: [], requests: [], versions: [], refusals: [] },
	});
	const reader = createHistoryReader({
		...{ store, maxLines: LIMIT, onLines() {}, onStored() {}, onRequests() {}, onRefusals() {}, onError() {} },
	});
	await expect.poll(() => reader.lines.get("vm")?.outdated_at).toBeNull();
	const found = { outdated_at: 7, compared_at: 8 };
	await expect(reader.setComparison("vm", found)).rejects.toThrow("locked");
	expect(reader.lines.get("vm")?.outdated_at).toBeNull();
	isLocked = false;
	await reader.setComparison("vm", found);
	expect([reader.lines.get("vm"), await stored.instance("vm")]).toMatchObject([found, found]);
	await reader.close();
	await state.close();
});

it("notices a refusal that a slower process writes after a later one", async () => {
	const state = await openDatabase("memory");
	const store = createHistoryStore(state);
	let noticed = 0;
	const reader = createHistoryReader({
		...{ store, maxLines: LIMIT, onLines() {}, onStored() {}, onRequests() {} },
		onRefusals() {
			noticed++;
		},
		onError(error) {
			throw error;
		},
	});
	const refused = (at: number, address: string) =>
		recordRequests(state, [
			answered({ at, instance: undefined, body: undefined, status: 404, reason: "no-owner", source: { address } }),
		]);
	await refused(2000, "192.0.2.2");
	await expect.poll(() => noticed).toBe(1);
	await refused(1000, "192.0.2.1");
	await expect.poll(() => noticed).toBe(2);
	await reader.close();
	await state.close();
});
