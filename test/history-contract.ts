/** What the request history does on either database. */
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { AnsweredRequest } from "../src/service/request-history/answered-request.ts";
import { bestClient } from "../src/service/request-history/client.ts";
import { createDigests, decompressContent } from "../src/service/request-history/document-content.ts";
import { createRecorder, LIMITS, type Recorder } from "../src/service/request-history/recorder.ts";
import { decodeRequests } from "../src/service/request-history/request-list.ts";
import { openDatabase, type StateDatabase, type StateLocation } from "../src/store/database.ts";
import { createHistoryStore, type HistoryStore } from "../src/store/history-store.ts";
import { openOlderState } from "./older-state.ts";

const DIGESTS = createDigests(new Uint8Array(32));
const NETWORK = "openstack/latest/network_data.json";
/** Never reached in a test: what is recorded is written by `close`. */
const DELAY = 3_600_000;

export const answered = (more: Partial<AnsweredRequest> = {}): AnsweredRequest => ({
	...{ at: 1000, instance: "vm", method: "GET", path: NETWORK, status: 200, bytes: 2, ms: 0.5 },
	...{ userAgent: "Cloud-Init/24.1", listener: "127.0.0.1:80", body: Buffer.from("{}"), ...more },
});

/** @param freshLocation an empty database, which several processes can open at once */
export function storesHistory(freshLocation: () => Promise<StateLocation>): void {
	let location: StateLocation;
	let state: StateDatabase;
	let store: HistoryStore;
	beforeEach(async () => {
		location = await freshLocation();
		state = await openDatabase(location);
		store = createHistoryStore(state);
	});
	afterEach(() => state.close());

	const recorder = (node = "n1"): Recorder =>
		createRecorder({
			...{ store, node, writer: `${node} 1`, digestOf: DIGESTS, delay: DELAY, onLost: () => {} },
			onError(error) {
				throw error;
			},
		});
	const write = async (requests: readonly AnsweredRequest[], node = "n1") => {
		const { record, close } = recorder(node);
		requests.forEach(record);
		await close();
	};

	describe("the request history", () => {
		test("keeps the last answer, the requests and the instance's line, and survives the process", async () => {
			await write([
				answered({ at: 1 }),
				answered({ at: 2, path: "openstack/latest/nothing", status: 404, body: undefined }),
			]);
			await state.close();
			state = await openDatabase(location);
			store = createHistoryStore(state);
			expect(await store.instance("vm")).toMatchObject({
				...{
					first_at: 1,
					last_at: 2,
					last_status: 404,
					requests: 2,
					failures: 0,
					client: "cloud-init@24.1",
					node: "n1",
				},
			});
			expect(await store.documents("vm")).toEqual([
				expect.objectContaining({ path: NETWORK, at: 1, status: 200, digest: DIGESTS(NETWORK, Buffer.from("{}")) }),
			]);
			expect(decodeRequests(await store.requests("vm")).map(({ at, status }) => [at, status])).toEqual([
				[1, 200],
				[2, 404],
			]);
		});

		test("two nodes add to the same instance, whichever writes first", async () => {
			await write([answered({ at: 20, userAgent: "Cloud-Init/25.1" })], "n2");
			await write([answered({ at: 10 })], "n1");
			expect(await store.instance("vm")).toMatchObject({ requests: 2, last_at: 20, node: "n2" });
			expect(await store.documents("vm")).toEqual([expect.objectContaining({ at: 20, node: "n2" })]);
			expect(decodeRequests(await store.requests("vm")).map(({ node }) => node)).toEqual(["n1", "n2"]);
		});

		test("does not replace a client by a less certain one, whichever process has seen what, and after a restart", async () => {
			const fetched = (path: string, userAgent: string, at: number) =>
				write([answered({ path, userAgent, at })], `n${at}`);
			const clientOf = async () => {
				const {
					client,
					client_traits: traits = 0,
					client_certainty: certainty = 0,
				} = (await store.instance("vm")) ?? {};
				return bestClient({ traits, client: client ?? undefined, certainty }).client;
			};
			await fetched("openstack/latest/user_data", "curl/7.88.1", 1);
			expect(await clientOf()).toBe("curl@7.88.1");
			// Behind a proxy that replaces the user agent, two processes answer parts of a boot of cloud-init.
			await fetched("openstack/2018-08-27/meta_data.json", "proxy", 2);
			expect(await clientOf()).toBe("cloud-init");
			await fetched("openstack/latest/user_data", "proxy", 3);
			expect(await clientOf()).toBe("cloud-init");
			await fetched("openstack/latest/user_data", "curl/7.88.1", 4);
			expect(await clientOf()).toBe("cloud-init");
			await fetched("openstack/2018-08-27/meta_data.json", "Cloud-Init/25.1.4", 5);
			await fetched("openstack/latest/user_data", "curl/7.88.1", 6);
			await fetched("openstack/latest/user_data", "proxy", 7);
			expect(await clientOf()).toBe("cloud-init@25.1.4");
			await fetched("openstack/2018-08-27/meta_data.json", "Cloud-Init/26.2", 9);
			await fetched("openstack/2018-08-27/meta_data.json", "Cloud-Init/25.1.4", 8);
			expect(await clientOf()).toBe("cloud-init@26.2");
		});

		test("begins with new evidence of the client when the guest has been away for longer than a boot", async () => {
			const MINUTE = 60_000;
			const clientOf = async (id: string) => {
				const line = await store.instance(id);
				const { client, client_traits: traits = 0, client_certainty: certainty = 0 } = line ?? {};
				return bestClient({ traits, client: client ?? undefined, certainty }).client;
			};
			const one = recorder();
			/** Each request by the same process, and each by another one. */
			const fetched = async (minute: number, path: string, userAgent = "proxy") => {
				const request = { at: minute * MINUTE, path, userAgent };
				one.record(answered({ ...request, instance: "one" }));
				await one.close();
				await write([answered({ ...request, instance: "several" })], `${minute} ${path}`);
				return await Promise.all([clientOf("one"), clientOf("several")]);
			};
			const both = (client: string) => [client, client];
			await fetched(0, "openstack/2018-08-27/meta_data.json");
			expect(await fetched(0.1, "openstack/latest/user_data")).toEqual(both("cloud-init"));
			// Nobody has rebuilt it.
			expect(await fetched(9, "openstack/latest/network_data.json")).toEqual(both("cloud-init"));
			expect(await fetched(30, "openstack/latest/user_data", "curl/8.14.1")).toEqual(both("cloud-init"));
			await fetched(60, "openstack/latest/meta_data.json");
			await fetched(60.1, "openstack/latest/network_data.json");
			expect(await fetched(60.2, "openstack/latest/user_data")).toEqual(both("talos"));
			// A user agent that is known is no more certain than a later boot.
			expect(await fetched(80, "openstack/2018-08-27/meta_data.json", "Cloud-Init/25.1.4")).toEqual(
				both("cloud-init@25.1.4"),
			);
			expect(await fetched(100, "openstack/latest/meta_data.json")).toEqual(both("cloud-init@25.1.4"));
			expect(await fetched(100.1, "openstack/latest/user_data", "curl/8.14.1")).toEqual(both("cloud-init@25.1.4"));
			await fetched(100.2, "openstack/latest/network_data.json");
			expect(await fetched(100.3, "openstack/latest/user_data")).toEqual(both("talos"));
		});

		test("keeps three versions of a document, the newest first", async () => {
			const bodies = ["{}", '{"links":[]}', '{"networks":[]}', '{"services":[]}'];
			for (const [at, body] of bodies.entries()) await write([answered({ at, body: Buffer.from(body) })]);
			const versions = await store.versions("vm", NETWORK);
			expect(versions.map(({ content }) => decompressContent(content).toString())).toEqual(bodies.slice(1).reverse());
		});

		test("stores when each version was last fetched, however often it was fetched", async () => {
			const one = recorder();
			const fetch = async (at: number, text: string) => {
				one.record(answered({ at, body: Buffer.from(text) }));
				await one.close();
			};
			const times = async () =>
				(await store.versions("vm", NETWORK)).map(({ content, first_at, last_at }) => [
					decompressContent(content).toString(),
					first_at,
					last_at,
				]);
			await fetch(1000, "{}");
			await fetch(9000, "{}");
			expect(await times()).toEqual([["{}", 1000, 9000]]);
			await fetch(10_000, "[]");
			await fetch(11_000, "[]");
			expect(await times()).toEqual([
				["[]", 10_000, 11_000],
				["{}", 1000, 9000],
			]);
		});

		test("keeps the last 50 requests, in few rows, however many batches there were", async () => {
			const one = recorder();
			for (let at = 0; at < 40; at++) {
				for (let i = 0; i < 5; i++) one.record(answered({ at: at * 10 + i }));
				await one.close();
			}
			const pieces = await store.requests("vm");
			expect(pieces.length).toBeLessThan(10);
			const requests = decodeRequests(pieces);
			expect(requests).toHaveLength(50);
			expect(requests.map(({ at }) => at)).toEqual(
				Array.from({ length: 50 }, (_, i) => Math.floor(i / 5) * 10 + 300 + (i % 5)),
			);
			expect((await store.instance("vm"))?.requests).toBe(200);
		});

		test("replaces the last answer of a document that is not there any more, but stores no path that a guest makes up", async () => {
			const missing = (at: number, path = NETWORK) =>
				answered({ at, path, status: 404, body: undefined, reason: "unknown-path" });
			const one = recorder();
			for (const at of [1, 9]) {
				one.record(answered({ at }));
				await one.close();
			}
			await write([answered({ at: 2, instance: "other" })]);
			await write([missing(20), missing(20, "openstack/latest/made-up"), answered({ at: 30, instance: "other" })]);
			expect(await store.documents("vm")).toEqual([
				expect.objectContaining({ path: NETWORK, at: 20, status: 404, digest: "" }),
			]);
			// Until when the guest got it.
			expect(await store.versions("vm", NETWORK)).toEqual([expect.objectContaining({ first_at: 1, last_at: 9 })]);
			expect(await store.documents("other")).toEqual([expect.objectContaining({ at: 30, status: 200 })]);
			// Nodes write in any order, and one batch may have both answers.
			await write([missing(25), answered({ at: 40 })], "n2");
			await write([missing(35)], "n3");
			expect(await store.documents("vm")).toEqual([expect.objectContaining({ at: 40, status: 200 })]);
			const other = { instance: "new" };
			await write([answered({ ...other, at: 1 }), { ...missing(2), ...other }]);
			expect(await store.documents("new")).toEqual([expect.objectContaining({ at: 2, status: 404 })]);
		});

		test("accepts text that is cut in the middle of a character, and any other", async () => {
			const userAgent = `${"x".repeat(199)}\u{1f600}"'\\\u0001`;
			await write([answered({ userAgent, path: `openstack/latest/${"é\"'\\".repeat(10)}` })]);
			expect((await store.instance("vm"))?.user_agent).toBe(`${"x".repeat(199)}\ufffd`);
			expect(decodeRequests(await store.requests("vm"))).toHaveLength(1);
			expect(await store.documents("vm")).toHaveLength(1);
		});

		test("counts refusals by source and reason", async () => {
			const refused = (at: number, address: string) =>
				answered({
					...{ at, instance: undefined, status: 404, body: undefined },
					reason: "no-owner",
					source: { address },
				});
			await write([refused(1, "10.0.0.1"), refused(2, "10.0.0.1"), refused(3, "10.0.0.2")]);
			await write([refused(4, "10.0.0.1")]);
			const refusals = await store.refusals(10);
			expect(
				refusals.map(({ source, count, first_at, last_at }) => [JSON.parse(source), count, first_at, last_at]),
			).toEqual([
				[{ address: "10.0.0.1" }, 3, 1, 4],
				[{ address: "10.0.0.2" }, 1, 3, 3],
			]);
		});

		test("readers find what was written since they last looked", async () => {
			await write([answered({ instance: "a" }), answered({ instance: "b" })]);
			const first = await store.instancesSince(0);
			expect(first.instances.map(({ instance_id }) => instance_id).toSorted()).toEqual(["a", "b"]);
			expect((await store.instancesSince(first.sequence)).instances).toEqual([]);
			await write([answered({ instance: "b", at: 2000 })]);
			const second = await store.instancesSince(first.sequence);
			expect(second.instances.map(({ instance_id, requests }) => [instance_id, requests])).toEqual([["b", 2]]);
		});

		test("readers find thousands of instances that were written at once, some at a time", async () => {
			const ids = Array.from({ length: 5000 }, (_, n) => `vm-${n}`);
			await write(ids.map((instance) => answered({ instance })));
			const found: string[] = [];
			for (let [since, size] = [0, 1]; size > 0; ) {
				const { sequence, instances } = await store.instancesSince(since);
				[since, size] = [sequence, instances.length];
				expect(size).toBeLessThan(ids.length);
				found.push(...instances.map(({ instance_id }) => instance_id));
			}
			expect(found.toSorted()).toEqual(ids.toSorted());
		});

		test("forgets the instances whose last request is oldest, and the oldest refusals", async () => {
			await write(["a", "b", "c"].map((instance, at) => answered({ instance, at })));
			const refused = (at: number) =>
				answered({
					at,
					instance: undefined,
					status: 404,
					body: undefined,
					reason: "no-owner",
					source: { peer: `p${at}` },
				});
			await write([refused(1), refused(2)]);
			expect(await store.trim(2)).toBe(false);
			await store.trimRefusals(1);
			expect(await store.instance("a")).toBeUndefined();
			for (const rows of [store.documents("a"), store.requests("a"), store.versions("a", NETWORK)]) {
				expect(await rows).toEqual([]);
			}
			expect((await store.instancesSince(0)).instances).toHaveLength(2);
			expect((await store.refusals(9)).map(({ last_at }) => last_at)).toEqual([2]);
		});

		test("forgets an instance, and nothing of the others", async () => {
			await write(["a", "b"].map((instance) => answered({ instance })));
			await store.forget(["a"]);
			const rows = async (id: string) =>
				(await Promise.all([store.documents(id), store.requests(id), store.versions(id, NETWORK)])).map(
					({ length }) => length,
				);
			expect([await store.instance("a"), await rows("a")]).toEqual([undefined, [0, 0, 0]]);
			expect([await store.instance("b"), await rows("b")]).toMatchObject([{ requests: 1 }, [1, 1, 1]]);
		});

		test("keeps the refusals of other peers, however many one peer causes", async () => {
			const refused = (at: number, peer: string, instance: string) =>
				answered({
					...{ at, instance: undefined, status: 403, body: undefined },
					...{ reason: "wrong-signature", source: { peer, instance } },
				});
			const own = (at: number) => refused(at, "10.0.0.1", `own-${at}`);
			await write(Array.from({ length: 20 }, (_, at) => own(at)));
			const one = recorder();
			for (let second = 1; second <= 12; second++) {
				for (let n = 0; n < 3000; n++) one.record(refused(1000 * second, "10.66.6.6", `made-up-${second}-${n}`));
				one.record(own(1000 * second));
				await one.close();
			}
			const kept = await store.refusals(10_000);
			const peers = Map.groupBy(kept, ({ source }) => JSON.parse(source).peer);
			expect(peers.get("10.0.0.1")).toHaveLength(32);
			expect(kept.length).toBeGreaterThan(500);
			expect(kept.length).toBeLessThanOrEqual(LIMITS.refusals + 100);
		});

		test("takes over what an older version found about guests: out of date, up to date (0), or not known", async () => {
			await state.close();
			location = await freshLocation();
			const line = { first_at: 1, last_at: 3, last_status: 200, requests: 1, failures: 0, user_agent: "", node: "n" };
			const rest = { client: null, client_traits: 0, client_certainty: 0, compared_at: null, sequence: 1 };
			state = await openOlderState(location, "0008-compared-at", (database) =>
				database
					.insertInto("history_instances")
					.values([
						{ ...line, ...rest, instance_id: "old", outdated_at: 2 },
						{ ...line, ...rest, instance_id: "current", outdated_at: 0 },
						{ ...line, ...rest, instance_id: "unknown", outdated_at: null },
					])
					.execute(),
			);
			store = createHistoryStore(state);
			expect(await store.instance("old")).toMatchObject({ outdated_at: 2, compared_at: 3 });
			expect(await store.instance("current")).toMatchObject({ outdated_at: null, compared_at: 3 });
			expect(await store.instance("unknown")).toMatchObject({ outdated_at: null, compared_at: null });
			await store.setComparison("unknown", { outdated_at: null, compared_at: 4 });
			expect(await store.instance("unknown")).toMatchObject({ outdated_at: null, compared_at: 4 });
		});

		test("stores no user data, no password, no signature and no seed", async () => {
			const planted = "PLANTED-SECRET";
			const body = Buffer.from(
				JSON.stringify({ random_seed: planted, name: "vm", meta: { role: "web", admin_pass: planted } }),
			);
			await write([
				answered({ path: "openstack/latest/user_data", body: Buffer.from(planted) }),
				answered({ path: "latest/user-data", body: Buffer.from(planted) }),
				answered({ path: "openstack/latest/vendor_data2.json", body: Buffer.from(planted) }),
				answered({ path: "openstack/latest/password", body: Buffer.from(planted) }),
				answered({ path: "openstack/latest/meta_data.json", body }),
			]);
			const [version] = await store.versions("vm", "openstack/latest/meta_data.json");
			expect(decompressContent(version?.content ?? new Uint8Array()).toString()).toBe(
				'{"name":"vm","meta":{"role":"web","admin_pass":"(hidden)"}}',
			);
			const tables = await Promise.all(
				(["history_instances", "history_documents", "history_requests", "history_refusals"] as const).map((table) =>
					state.read((database) => database.selectFrom(table).selectAll().execute()),
				),
			);
			expect(JSON.stringify(tables)).not.toContain(planted);
			expect(JSON.stringify(tables)).not.toContain(Buffer.from(planted).toString("base64"));
			const stored = await state.read((database) => database.selectFrom("history_versions").select("path").execute());
			expect(stored).toEqual([{ path: "openstack/latest/meta_data.json" }]);
		});
	});
}
