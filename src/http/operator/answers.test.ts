/** What operators see of answers that a real listener gave. */
import { afterEach, describe, expect, it } from "vitest";
import { guest, instancesOf, send, startTestService, type TestService } from "../../../test/metadata-service.ts";
import { recordRequests, startTestOperator, type TestOperatorServer } from "../../../test/operator-server.ts";
import { GuestwireError } from "../../errors.ts";
import type { Instance } from "../../instance/instance.ts";
import { MOST } from "../../instance/limits.ts";
import type { AnsweredRequest } from "../../service/request-history/answered-request.ts";
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
async function start(instance: Instance, options: Partial<MetadataServiceOptions> = {}): Promise<void> {
	[current, reported] = [instance, []];
	const instances = { ...instancesOf([instance]), get: () => current };
	operator = await startTestOperator({ instances });
	guests = await startTestService(
		[{ listen: "127.0.0.1:0", identity: { mode: "fixed", instance: instance.id } }],
		{ instances, record: (request) => reported.push(request), ...options },
	);
}

/** The status of the guest's request, which is in the history afterwards. */
async function ask(path: string): Promise<number> {
	const { status } = await guests.ask({ path: `/${path}` });
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
