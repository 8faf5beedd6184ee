/** What operators see of answers that a real listener gave. */
import { afterEach, describe, expect, it } from "vitest";
import {
	guest,
	instancesOf,
	SECRET,
	send,
	signature,
	startTestService,
	type TestService,
} from "../../../test/metadata-service.ts";
import { recordRequests, startTestOperator, type TestOperatorServer } from "../../../test/operator-server.ts";
import { GuestwireError } from "../../errors.ts";
import type { Instance } from "../../instance/instance.ts";
import { MOST } from "../../instance/limits.ts";
import type { AnsweredRequest } from "../../service/request-history/answered-request.ts";
import type { IdentitySettings } from "../guest/identity/index.ts";
import type { MetadataServiceOptions } from "../guest/metadata-service.ts";

const NETWORK = "openstack/latest/network_data.json";
const PASSWORD = "openstack/latest/password";
const own = guest({ address: "192.0.2.7" });

let operator: TestOperatorServer;
let guests: TestService;
let current: Instance;
let reported: AnsweredRequest[];
afterEach(async () => {
	await guests.close();
	await operator.close();
});

/** Both servers, with one instance. */
async function start(
	instance: Instance,
	options: Partial<MetadataServiceOptions> = {},
	identity: IdentitySettings = { mode: "fixed", instance: instance.id },
): Promise<void> {
	[current, reported] = [instance, []];
	const instances = { ...instancesOf([instance]), get: () => current };
	operator = await startTestOperator({ instances });
	const record = (request: AnsweredRequest) => void reported.push(request);
	guests = await startTestService([{ listen: "127.0.0.1:0", identity }], { instances, record, ...options });
}

/** The status of the guest's request, which is in the history afterwards. */
async function ask(path: string, headers: readonly (readonly [string, string])[] = []): Promise<number> {
	const { status } = await guests.ask({ path: `/${path}`, headers: [["Host", "169.254.169.254"], ...headers] });
	await recordRequests(operator.state, reported.splice(0));
	return status;
}
async function json(path: string) {
	const { body } = await send(operator.address, { path, headers: [["Host", "localhost"]] });
	return JSON.parse(body.toString());
}
const state = async () => (await json("/api/search")).guests[0]?.state as string;
const expectState = (wanted: string) => expect.poll(state, { timeout: 10_000 }).toBe(wanted);

describe("a failure belongs to the guest that got it", () => {
	it("if the instance has too much of something, until there is less", async () => {
		const tags = Array.from({ length: MOST.tags + 1 }, (_, n) => `${n}`);
		await start({ ...own, ports: own.ports.map((port) => ({ ...port, tags })) });
		expect(await ask(NETWORK)).toBe(500);
		await expectState("failing");
		expect(await json("/api/search?state=failing")).toMatchObject({
			...{ total: 1, guests: [{ id: own.id, failures: 1, lastStatus: 500 }] },
		});
		expect((await json("/api/refusals")).total).toBe(0);
		current = own;
		expect(await ask(NETWORK)).toBe(200);
		await expectState("current");
	});

	it.each([
		[
			"the state database can't be used",
			"state-unavailable",
			async () => {
				throw new GuestwireError("state", "state s.db: disk I/O error: check the disk");
			},
		],
		["something takes too long", "timeout", () => new Promise<never>(() => {})],
	])("if %s, and its page says what to do", async (_, reason, get) => {
		await start(own, { passwords: { get, setOnce: get }, limits: { budget: 40 } });
		expect(await ask(PASSWORD)).toBe(503);
		await expectState("failing");
		const { failure, failures, recent } = await json(`/api/instances/${own.id}/guest`);
		expect([failures, recent]).toEqual([1, [expect.objectContaining({ status: 503, reason })]]);
		expect(failure).toEqual({ reason, meaning: expect.stringMatching(/\.$/), advice: expect.stringMatching(/\.$/) });
	});
});

describe("a document that is taken away", () => {
	const USER_DATA = "openstack/latest/user_data";
	const withUserData = guest({ address: "192.0.2.7", userData: Buffer.from("#!/bin/sh") });
	const rowOf = async (path: string) => {
		const { documents } = await json(`/api/instances/${own.id}/guest`);
		return documents.find((document: { path: string }) => document.path === path);
	};

	it("leaves the guest out of date until it has asked for it again, and once more when it comes back", async () => {
		await start(withUserData);
		expect([await ask(NETWORK), await ask(USER_DATA)]).toEqual([200, 200]);
		await expectState("current");
		current = own;
		expect(await rowOf(USER_DATA)).toMatchObject({ state: "gone", last: { status: 200 } });
		await expectState("outdated");
		expect(await ask(USER_DATA)).toBe(404);
		await expectState("current");
		expect(await rowOf(USER_DATA)).toMatchObject({ state: "current", last: { status: 404 } });
		current = withUserData;
		expect(await rowOf(USER_DATA)).toMatchObject({ state: "outdated" });
		await expectState("outdated");
		expect(await ask(USER_DATA)).toBe(200);
		await expectState("current");
	});

	it("is not one that the guest made up", async () => {
		await start(own);
		const madeUp = "openstack/latest/made-up.json";
		expect([await ask(NETWORK), await ask(madeUp), await ask(USER_DATA)]).toEqual([200, 404, 404]);
		await expectState("current");
		expect([await rowOf(madeUp), await rowOf(USER_DATA)]).toEqual([undefined, undefined]);
	});
});

it("the alias of network_data.json has versions, too", async () => {
	await start(own);
	const path = "openstack/latest/metadata/network_data.json";
	expect(await ask(path)).toBe(200);
	const { versions, now } = await json(`/api/instances/${own.id}/versions?path=${path}`);
	expect(versions.map(({ text }: { text: string }) => text)).toEqual([now]);
	expect(JSON.parse(now).links).toHaveLength(1);
});

describe("a refusal", () => {
	const firstOf = async () => {
		await expect.poll(async () => (await json("/api/refusals")).total, { timeout: 10_000 }).toBe(1);
		return (await json("/api/refusals")).refusals[0];
	};

	it.each([
		["inventory", 503, new GuestwireError("inventory", "/srv/inventory/a.yaml:3: ports: not a list")],
		["state", 503, new GuestwireError("state", "state /var/lib/guestwire/guestwire.db: disk I/O error")],
		["bug", 500, new TypeError("x is not a function")],
	])("names no file of this machine: %s", async (_, status, error) => {
		await start(own, { instances: { ...instancesOf([]), get: () => Promise.reject(error) } });
		expect(await ask(NETWORK)).toBe(status);
		const { detail } = await firstOf();
		expect(detail).toMatch(/^[^/]+: see Guestwire's log$/);
		expect(guests.lines.join()).toContain(error.message);
	});

	it("names the provider that the request came through, and not its signature", async () => {
		await start(own, {}, { mode: "provider", secret: SECRET, networksOf: () => ["another"] });
		const signed = signature("edge-1");
		const headers = [
			["X-Metadata-Provider", "edge-1"],
			["X-Metadata-Provider-Signature", signed],
			["X-Forwarded-For", "192.0.2.7"],
		] as const;
		expect(await ask(NETWORK, headers)).toBe(404);
		const refusal = await firstOf();
		expect(refusal).toMatchObject({ reason: "no-owner", source: { providerId: "edge-1", address: "192.0.2.7" } });
		expect(refusal.nearMisses).toEqual([
			expect.objectContaining({
				instance: own.id,
				why: "the address matches on network net-1; provider edge-1 does not serve this network",
			}),
		]);
		expect(JSON.stringify(refusal)).not.toContain(signed);
	});
});
