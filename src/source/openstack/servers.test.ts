/** @module-tag slow */
import { randomUUID } from "node:crypto";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import type { Fault } from "../../../test/fake-openstack.ts";
import { fake, source, status, useFakeSource } from "../../../test/fake-source.ts";

useFakeSource();

const nameOf = async (id: string) => (await source.instance(id, "server"))?.server?.name;
const hang: Fault = () => {};
const asked = (text: string) => fake.requests.filter((call) => call.includes(text)).length;

/** Servers without volumes or key pairs, the newest first: `s0`, `s1`, … */
function boot(count: number): string[] {
	const { key_name: _, ...bare } = fake.records.servers[0] as { id: string; key_name?: unknown };
	const volumes = { "os-extended-volumes:volumes_attached": [] };
	const servers = Array.from({ length: count }, (_, at) => ({ ...bare, ...volumes, id: randomUUID(), name: `s${at}` }));
	fake.records.servers.unshift(...servers);
	return servers.map(({ id }) => id);
}

describe('a listing that ignores the filter "uuid" (no servers:allow_all_filters)', () => {
	/** The user sees no server by itself, and this for the listing. */
	async function refused(servers: readonly unknown[], id: string): Promise<void> {
		const page = { servers, servers_links: [{ rel: "next", href: "http://x/?marker=m" }] };
		fake.fault = (call) => {
			if (call.includes(`/servers/${id}`)) return status(404);
			return call.includes("uuid=") ? (response) => void response.end(JSON.stringify(page)) : undefined;
		};
		await expect(nameOf(id)).rejects.toMatchObject({
			code: "cloud-answer",
			message: expect.stringMatching(/servers:allow_all_filters.*docs\/openstack.md/),
		});
		expect(asked("/servers/detail")).toBe(1);
	}

	test("another server is not mistaken for the requested one", async () => {
		const [wanted = ""] = boot(2);
		await refused(fake.records.servers.slice(1, 2), wanted);
	});

	test("nor is a list that contains it among others", async () => {
		const [wanted = ""] = boot(3);
		await refused(fake.records.servers.slice(0, 2), wanted);
	});
});

describe("a failure of one server or of the listing does not affect other servers", () => {
	test("a server that Nova can't return", async () => {
		const [bad = "", ...good] = boot(3);
		const never = status(503, { "retry-after": "3600" });
		fake.fault = (call) => (call.includes(`/servers/${bad}`) ? never : undefined);
		const [first, ...others] = await Promise.allSettled([bad, ...good].map(nameOf));
		expect(first).toMatchObject({ status: "rejected", reason: { code: "cloud-unavailable" } });
		expect(others).toMatchObject([{ value: "s1" }, { value: "s2" }]);
	});

	test.each([
		["403", status(403)],
		["404", status(404)],
		["503", status(503, { "retry-after": "3600" })],
		["nonsense", ((response) => void response.end('{"servers": [{}]}')) as Fault],
	])("a listing that answers %s: each is asked for by itself", async (_, fault) => {
		const ids = boot(20);
		fake.fault = (call) => (call.includes("/servers/detail") ? fault : undefined);
		expect(await Promise.all(ids.map(nameOf))).toEqual(ids.map((_, at) => `s${at}`));
	});

	test("a listing that hangs for five seconds: each server is requested on its own", async () => {
		vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"], shouldAdvanceTime: true });
		onTestFinished(() => void vi.useRealTimers());
		const ids = boot(20);
		fake.fault = (call) => (call.includes("/servers/detail") ? hang : undefined);
		const names = Promise.all(ids.map(nameOf));
		await expect.poll(() => asked("/servers/detail")).toBe(1);
		await vi.advanceTimersByTimeAsync(5000);
		expect(await names).toEqual(ids.map((_, at) => `s${at}`));
		expect(asked("/servers/detail")).toBe(1);
	});

	test("a page that takes longer than five seconds still serves the callers that wait", async () => {
		vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"], shouldAdvanceTime: true });
		onTestFinished(() => void vi.useRealTimers());
		const ids = boot(40);
		let arrive = () => {};
		fake.fault = (call) => {
			if (call.includes("/servers/detail")) {
				return (_, answer) => {
					arrive = answer;
				};
			}
			return call.includes("/servers/") ? hang : undefined;
		};
		const names = Promise.all(ids.map(nameOf));
		await expect.poll(() => asked("/servers/detail")).toBe(1);
		await vi.advanceTimersByTimeAsync(5000);
		await expect.poll(() => asked("/servers/")).toBeGreaterThan(1);
		arrive();
		expect(await names).toEqual(ids.map((_, at) => `s${at}`));
		expect(asked("/servers/")).toBeLessThanOrEqual(1 + 8);
	});

	test("the servers of a page don't wait for the next page", async () => {
		const ids = boot(100);
		fake.pageSize = 50;
		fake.fault = (call) => (call.includes("marker=") ? hang : undefined);
		const names = ids.map(nameOf);
		const rest = Promise.allSettled(names.slice(50));
		expect(await Promise.all(names.slice(0, 50))).toEqual(ids.slice(0, 50).map((_, at) => `s${at}`));
		await expect.poll(() => asked("marker=")).toBe(1);
		await source.close();
		await rest;
	});
});

describe("a thousand servers at once", () => {
	test("any of a cloud are listed in several parts, each about once", async () => {
		const ids = boot(1200);
		fake.pageSize = 100;
		expect(await Promise.all(ids.map(nameOf))).toEqual(ids.map((_, at) => `s${at}`));
		expect(asked("sort_key=uuid")).toBeLessThanOrEqual(12 + 2 * 4);
		// Pages, and the servers that parts start after.
		expect(fake.requests.filter((call) => /\/servers\/[0-9a-f]/.test(call)).length).toBeLessThanOrEqual(19 + 3);
	});

	test("the newest of many are listed from the newest on", async () => {
		boot(20_000);
		const ids = boot(1000);
		expect(await Promise.all(ids.map(nameOf))).toEqual(ids.map((_, at) => `s${at}`));
		expect(asked("sort_key=uuid")).toBe(3);
		expect(asked("/servers/")).toBeLessThan(12);
	});

	test("a part whose first servers are deleted is still listed", async () => {
		const ids = boot(1000);
		const starts = ids.toSorted().filter((_, at) => at % 250 < 2);
		fake.records.servers = fake.records.servers.filter(({ id }) => !starts.includes(id));
		const names = await Promise.all(ids.map(nameOf));
		expect(names).toEqual(ids.map((id, at) => (starts.includes(id) ? undefined : `s${at}`)));
		expect(fake.requests.filter((call) => /\/servers\/[0-9a-f]/.test(call)).length).toBeLessThanOrEqual(19 + 12);
	});
});

test("while Nova is down, requests from a thousand guests cause only a few calls", async () => {
	const ids = boot(1000);
	fake.fault = (call) => (call.includes("/servers/") ? status(503, { "retry-after": "3600" }) : undefined);
	const found = await Promise.allSettled(ids.map(nameOf));
	for (const one of found) expect(one).toMatchObject({ status: "rejected", reason: { code: "cloud-unavailable" } });
	expect(asked("/servers/")).toBeLessThanOrEqual(4 + 8);
});
