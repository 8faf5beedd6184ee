import fc from "fast-check";
import { expect, it } from "vitest";
import type { AnsweredRequest } from "./answered-request.ts";
import {
	addRequest,
	createPending,
	latestRequests,
	MAX_PENDING,
	MAX_PENDING_BYTES,
	type Pending,
	putBack,
} from "./pending.ts";
import { MAX_REQUESTS } from "./request-list.ts";

const request = (at: number, instance = "vm", path = "openstack"): AnsweredRequest => ({
	...{ at, instance, path, method: "GET", status: at % 7 === 0 ? 503 : 200, bytes: 2, ms: 1 },
	...{ userAgent: "", listener: "", body: at % 3 === 0 ? undefined : new Uint8Array() },
});
const pendingOf = (requests: readonly AnsweredRequest[]) => {
	const pending = createPending();
	for (const one of requests) addRequest(pending, one);
	return pending;
};
/** Everything that is written, by instance. */
const written = ({ instances }: Pending) =>
	Array.from(instances, ([id, instance]) => {
		const { latest: _, oldest: __, documents, ...rest } = instance;
		return { id, ...rest, latest: latestRequests(instance), documents: new Map([...documents].toSorted()) };
	}).toSorted((a, b) => (a.id < b.id ? -1 : 1));

it("keeps the same, however often a write failed in between", () => {
	const kind = fc.tuple(fc.constantFrom("a", "a", "a", "b"), fc.constantFrom("x", "y"));
	fc.assert(
		fc.property(fc.array(kind, { maxLength: 300 }), fc.array(fc.nat(300), { maxLength: 4 }), (kinds, cuts) => {
			const requests = kinds.map(([instance, path], at) => request(at, instance, path));
			const ends = [...cuts.toSorted((a, b) => a - b), requests.length];
			const parts = ends.map((end, at) => pendingOf(requests.slice(ends[at - 1] ?? 0, end)));
			const [first = createPending(), ...later] = parts;
			for (const part of later) expect(putBack(first, part)).toBe(0);
			const all = pendingOf(requests);
			expect(written(first)).toEqual(written(all));
			expect([first.size, first.bytes]).toEqual([all.size, all.bytes]);
			// The ring goes on where it was.
			for (let at = 1000; at < 1030; at++) for (const pending of [first, all]) addRequest(pending, request(at, "a"));
			expect(written(first)).toEqual(written(all));
		}),
	);
});

it("keeps the last answers of instances that it knows when it is full", () => {
	const pending = createPending();
	const body = (text: string) => ({ body: Buffer.from(text) });
	addRequest(pending, { ...request(1), ...body("old") });
	for (let at = 2; at <= MAX_REQUESTS; at++) addRequest(pending, { ...request(at), body: undefined });
	addRequest(pending, { ...request(1, "few"), ...body("old") });
	for (let n = 0; addRequest(pending, { ...request(1, `vm-${n}`), body: undefined }); n++);
	expect(addRequest(pending, { ...request(100), ...body("new") })).toBe(true);
	expect(addRequest(pending, { ...request(100, "few"), ...body("new") })).toBe(false);
	for (const id of ["vm", "few"]) {
		const known = pending.instances.get(id);
		expect([known?.documents.get("openstack")?.body?.toString(), known?.last.at]).toEqual(["new", 100]);
		expect(known && latestRequests(known).at(-1)?.at).toBe(100);
	}
	expect(pending.size).toBeLessThanOrEqual(MAX_PENDING);
});

it("keeps the order of an instance's requests when there is room again", () => {
	const pending = createPending();
	addRequest(pending, { ...request(0), body: undefined });
	const documents = Array.from({ length: 2 * MAX_REQUESTS }, (_, n) => ({ ...request(1, "other", `${n}`) }));
	for (const document of documents) addRequest(pending, { ...document, body: new Uint8Array(1) });
	for (let n = 0; addRequest(pending, { ...request(1, `vm-${n}`), body: undefined }); n++);
	for (let at = 1; at <= 7; at++) addRequest(pending, { ...request(at), body: undefined });
	// An answer that is too large takes the place of one that was kept, and is not kept itself.
	const large = new Uint8Array(MAX_PENDING_BYTES + 1);
	for (const document of documents) addRequest(pending, { ...document, body: large });
	const asked = () => {
		const known = pending.instances.get("vm");
		return known && latestRequests(known).map(({ at }) => at);
	};
	for (let at = 8; at <= 100; at++) {
		addRequest(pending, { ...request(at), body: undefined });
		expect(asked()).toEqual(Array.from(asked() ?? [], (_, n) => at - (asked()?.length ?? 0) + 1 + n));
	}
	expect(asked()).toHaveLength(MAX_REQUESTS);
});

it("bounds the bytes of the documents, of which each instance keeps one for each path", () => {
	const pending = createPending();
	const body = new Uint8Array(1024 * 1024);
	for (let at = 0; at < 200; at++) expect(addRequest(pending, { ...request(at), body })).toBe(true);
	expect(pending.bytes).toBe(body.length);
	expect(pending.instances.get("vm")?.latest.every((line) => line.body === undefined)).toBe(true);
	let added = 1;
	while (addRequest(pending, { ...request(1, `vm-${added}`), body })) added++;
	expect(added).toBe(MAX_PENDING_BYTES / body.length);
	const later = createPending();
	addRequest(later, { ...request(2, "other"), body });
	putBack(pending, later);
	expect(pending.bytes).toBe(MAX_PENDING_BYTES);
	expect(pending.instances.get("other")?.requests).toBe(1);
});

it("keeps no older answer of a document when there is no room for the last one", () => {
	const pending = createPending();
	const small = new Uint8Array(1024);
	const addSmall = (at: number) => addRequest(pending, { ...request(at), body: small });
	addSmall(1);
	const large = new Uint8Array(MAX_PENDING_BYTES - small.length);
	expect(addRequest(pending, { ...request(2, "other"), body: large })).toBe(true);
	expect(addRequest(pending, { ...request(3), body: new Uint8Array(2 * small.length) })).toBe(false);
	expect(pending.instances.get("vm")?.documents.size).toBe(0);
	// Three requests and one document.
	expect([pending.size, pending.bytes]).toEqual([4, large.length]);
	expect(addSmall(4)).toBe(true);
	expect([pending.size, pending.bytes]).toEqual([6, MAX_PENDING_BYTES]);
});

it("is bounded: an instance takes the same space however many requests it sends, and further instances are lost", () => {
	const pending = createPending();
	for (let at = 0; at < 1000; at++) expect(addRequest(pending, request(at))).toBe(true);
	expect([pending.size, pending.instances.get("vm")?.requests]).toEqual([MAX_REQUESTS + 1, 1000]);
	let added = 0;
	while (addRequest(pending, request(1, `vm-${added}`))) added++;
	expect(pending.size).toBeLessThanOrEqual(MAX_PENDING + 1);
	const lost = putBack(pending, pendingOf([request(2), request(2, "other"), request(3, "other")]));
	expect([lost, pending.instances.get("vm")?.requests]).toEqual([2, 1001]);
});

it("keeps a bounded part of what guests send, and no document under a part of its path", () => {
	const long = `${"x".repeat(199)}\u{1f600}${"y".repeat(16_000)}`;
	const pending = createPending();
	const sent = { ...request(1, "vm", long), userAgent: long, body: Buffer.from("{}") };
	addRequest(pending, sent);
	const source = { peer: "10.0.0.1", address: long, instance: long };
	addRequest(pending, { ...sent, instance: long, reason: "unknown-instance", detail: long, source });
	const texts = JSON.stringify([[...pending.instances.values()].map(latestRequests), pending.refused]);
	expect(texts.length).toBeLessThan(4000);
	expect(texts).toContain(`${"x".repeat(199)}\ufffd`);
	expect(pending.instances.get("vm")?.documents.size).toBe(0);
	expect(pending.refused[0]).toMatchObject({ source: { peer: "10.0.0.1" } });
});
