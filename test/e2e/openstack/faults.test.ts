import { connect } from "node:net";
import { setTimeout as pause } from "node:timers/promises";
import { afterEach, beforeAll, beforeEach, describe, expect, inject, it } from "vitest";
import { eventually } from "./api.ts";
import { type ApiProxy, type Call, type Fault, startApiProxy } from "./api-proxy.ts";
import { type Answer, ask } from "./asking.ts";
import { type Guestwire, startGuestwire } from "./guestwire.ts";
import type { Guest } from "./instances.ts";

const NETWORK_DATA = "/openstack/latest/network_data.json";
/** Seconds; short, so that an answer gets old while a test waits. */
const FRESHNESS = 2;
/** A request's budget, and a little for this machine. Seconds. */
const BUDGET = 5.5;

const guests = inject("guests").filter(({ ports }) => ports.length > 0);
const [known, unknown] = guests as [Guest, Guest];
const right = new Map<Guest, string>();
beforeAll(async () => {
	const undisturbed = await startGuestwire();
	for (const guest of guests) right.set(guest, (await ask(undisturbed.port, guest, NETWORK_DATA)).body);
	await undisturbed.stop();
});

let proxy: ApiProxy;
let guestwire: Guestwire;
beforeEach(async () => {
	proxy = await startApiProxy();
	guestwire = await startGuestwire({ authUrl: proxy.authUrl, freshness: FRESHNESS });
	await expectRight(known);
});
afterEach(async () => {
	expect(guestwire.running()).toBe(true);
	expect(await guestwire.stop()).toBe(0);
	expect(guestwire.log()).not.toMatch(/^\s+at .*:\d+:\d+\)?$/m);
	await proxy.close();
});

/** Asks, and checks that nothing but the right document, or a 503 that says when to come again, is ever answered. */
async function askRightly(guest: Guest): Promise<Answer> {
	const started = performance.now();
	const answer = await ask(guestwire.port, guest, NETWORK_DATA);
	expect((performance.now() - started) / 1000).toBeLessThan(BUDGET);
	if (answer.status === 200) expect(answer.body).toBe(right.get(guest));
	else
		expect({ ...answer, seconds: Number(answer.headers["retry-after"]) > 0 }).toMatchObject({
			status: 503,
			seconds: true,
		});
	return answer;
}

async function expectRight(guest: Guest): Promise<void> {
	expect((await askRightly(guest)).status).toBe(200);
}

/** Waits until the answers of before are older than the freshness. */
const untilOld = () => pause(FRESHNESS * 1000 + 100);
const recovered = (guest: Guest) =>
	eventually("guestwire recovers", 10, async () => ((await askRightly(guest)).status === 200 ? true : undefined));
const onNeutron = (fault: Fault) => (call: Call) => (call.api === "neutron" ? fault : undefined);
const stale = () => guestwire.metric("guestwire_directory_oldest_stale_seconds");

describe("when the cloud fails", () => {
	it("a slow Neutron is waited for", async () => {
		proxy.fault = onNeutron({ kind: "late", ms: 900 });
		await expectRight(unknown);
	});

	it("a Neutron slower than the budget: the last answer, or 503", async () => {
		proxy.fault = onNeutron({ kind: "late", ms: 20_000 });
		expect((await askRightly(unknown)).status).toBe(503);
		await untilOld();
		await expectRight(known);
		proxy.fault = undefined;
		await recovered(unknown);
	});

	it("Neutron down: the last answer with its age in the metrics, or 503; then recovery", async () => {
		await proxy.takeDown("neutron");
		await untilOld();
		await expectRight(known);
		expect(await stale()).toBeGreaterThanOrEqual(FRESHNESS);
		expect((await askRightly(unknown)).status).toBe(503);
		await proxy.bringBack("neutron");
		await recovered(unknown);
		await recovered(known);
		await eventually("the age is 0 again", 10, async () => ((await stale()) === 0 ? true : undefined));
	});

	it("Keystone down, the token still valid: nobody notices", async () => {
		await proxy.takeDown("keystone");
		await expectRight(unknown);
	});

	it("the token is revoked: one new one, however many ask", async () => {
		await revoke(proxy.lastToken);
		proxy.forget();
		await Promise.all(guests.slice(1).map(expectRight));
		const logins = proxy.calls.filter(({ method, target }) => method === "POST" && target.endsWith("/auth/tokens"));
		expect(logins.length).toBe(1);
	});

	it("Neutron's answers break off half-way: 503 or the right document", async () => {
		proxy.fault = onNeutron({ kind: "half" });
		expect((await askRightly(unknown)).status).toBe(503);
		await untilOld();
		await expectRight(known);
		proxy.fault = undefined;
		await recovered(unknown);
	});

	it.each(["neutron", "nova"] as const)("%s answers 500 now and then: every guest gets its document", async (api) => {
		let count = 0;
		proxy.fault = (call) => (call.api === api && count++ % 3 === 0 ? { kind: "status", status: 500 } : undefined);
		await Promise.all(guests.map(expectRight));
		expect(count).toBeGreaterThan(0);
	});

	it("answers break off now and then: every guest gets its document", async () => {
		let count = 0;
		proxy.fault = (call) => (call.api !== "keystone" && count++ % 3 === 0 ? { kind: "half" } : undefined);
		await Promise.all(guests.map(expectRight));
	});
});

/** Keystone forgets the token, and the services' memory of valid tokens is emptied. */
async function revoke(token: string): Promise<void> {
	const headers = { "x-auth-token": token, "x-subject-token": token };
	const answer = await fetch("http://127.0.0.1:5000/v3/auth/tokens", { method: "DELETE", headers });
	expect(answer.status).toBe(204);
	await new Promise<void>((resolve, reject) => {
		const memcached = connect(11211, "127.0.0.1", () => memcached.end("flush_all\r\nquit\r\n"));
		memcached
			.on("close", () => resolve())
			.on("error", reject)
			.resume();
	});
}
