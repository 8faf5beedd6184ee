import { connect } from "node:net";
import { setTimeout as pause } from "node:timers/promises";
import { afterEach, beforeAll, beforeEach, describe, expect, inject, it } from "vitest";
import { eventually, type Json } from "./api.ts";
import { type ApiProxy, type Call, type Fault, startApiProxy } from "./api-proxy.ts";
import { ask, askUntilServed } from "./asking.ts";
import { type Guestwire, startGuestwire } from "./guestwire.ts";
import type { Guest } from "./instances.ts";

/** What needs Neutron alone (of a guest with one NIC), what needs both, and what needs all that is known of a guest. */
const PATHS = [
	"/openstack/latest/network_data.json",
	"/openstack/latest/meta_data.json",
	"/latest/meta-data/local-ipv4",
] as const;
const ALL_SERVED = PATHS.map(() => 200);
const NONE_SERVED = PATHS.map(() => 503);
/** Seconds; short, so that an answer gets old while a test waits. */
const FRESHNESS = 2;
/** A request's budget, and a little for this machine. Seconds. */
const BUDGET = 5.5;

const hasIpv4 = ({ ports }: Guest) => ports[0]?.fixed_ips.some(({ ip_address }: Json) => ip_address.includes("."));
const guests = inject("guests").filter(hasIpv4);
const [known, unknown] = guests.filter(({ ports }) => ports.length === 1) as [Guest, Guest];

/** What a guest gets for a path while all is well. */
const right = new Map<string, string>();
const keyOf = ({ id }: Guest, path: string) => id + path;
/** A process's own; the rest of a document is everybody's. */
const withoutSeed = (body: string) => body.replace(/"random_seed": "[^"]{684}"/, "");
beforeAll(async () => {
	const undisturbed = await startGuestwire();
	const all = guests.flatMap((guest) => PATHS.map((path) => ({ guest, path })));
	await Promise.all(
		all.map(async ({ guest, path }) => {
			const { status, body } = await askUntilServed(undisturbed.port, guest, path);
			expect(status).toBe(200);
			right.set(keyOf(guest, path), withoutSeed(body));
		}),
	);
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
async function askRightly(guest: Guest, path: string): Promise<number> {
	const started = performance.now();
	const { status, headers, body } = await ask(guestwire.port, guest, path);
	expect((performance.now() - started) / 1000).toBeLessThan(BUDGET);
	if (status === 200) expect(withoutSeed(body)).toBe(right.get(keyOf(guest, path)));
	else expect({ status, retry: Number(headers["retry-after"]) > 0, body }).toMatchObject({ status: 503, retry: true });
	return status;
}

/** The status of each path, asked for at once. */
const statuses = (guest: Guest) => Promise.all(PATHS.map((path) => askRightly(guest, path)));

async function expectRight(guest: Guest): Promise<void> {
	expect(await statuses(guest)).toEqual(ALL_SERVED);
}

/** The path that a guest asks for where there are many of them. */
const pathFor = (index: number) => PATHS[index % PATHS.length] as string;

async function expectAllRight(): Promise<void> {
	const answers = await Promise.all(guests.map((guest, index) => askRightly(guest, pathFor(index))));
	expect(answers).toEqual(guests.map(() => 200));
}

/** Waits until the answers of before are older than the freshness. */
const untilOld = () => pause(FRESHNESS * 1000 + 100);
const recovered = (guest: Guest) =>
	eventually("guestwire recovers", 10, async () =>
		(await statuses(guest)).every((status) => status === 200) ? true : undefined,
	);
const onNeutron = (fault: Fault) => (call: Call) => (call.api === "neutron" ? fault : undefined);
const stale = () => guestwire.metric("guestwire_cache_oldest_stale_seconds");

describe("when the cloud fails", () => {
	it("a slow Neutron is waited for", async () => {
		proxy.fault = onNeutron({ kind: "late", ms: 900 });
		await expectRight(unknown);
	});

	it("a Neutron slower than the budget: the last answer, or 503", async () => {
		proxy.fault = onNeutron({ kind: "late", ms: 20_000 });
		expect(await statuses(unknown)).toEqual(NONE_SERVED);
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
		expect(await statuses(unknown)).toEqual(NONE_SERVED);
		await proxy.bringBack("neutron");
		await recovered(unknown);
		await recovered(known);
		await eventually("the age is 0 again", 10, async () => ((await stale()) === 0 ? true : undefined));
	});

	it("Nova down: the last answer, or 503, but for what Neutron knows alone; then recovery", async () => {
		await proxy.takeDown("nova");
		await untilOld();
		await expectRight(known);
		expect(await stale()).toBeGreaterThanOrEqual(FRESHNESS);
		expect(await statuses(unknown)).toEqual([200, 503, 503]);
		await proxy.bringBack("nova");
		await recovered(unknown);
		await recovered(known);
	});

	it("Keystone down, the token still valid: nobody notices", async () => {
		await proxy.takeDown("keystone");
		await expectRight(unknown);
	});

	it("the token is revoked: one new one, however many ask", async () => {
		await revoke(proxy.lastToken);
		proxy.forget();
		await expectAllRight();
		const logins = proxy.calls.filter(({ method, target }) => method === "POST" && target.endsWith("/auth/tokens"));
		expect(logins.length).toBe(1);
	});

	it.each([
		["neutron", NONE_SERVED],
		["nova", [200, 503, 503]],
	] as const)("%s's answers break off half-way: 503 or the right document", async (api, ofUnknown) => {
		proxy.fault = (call) => (call.api === api ? { kind: "half" } : undefined);
		expect(await statuses(unknown)).toEqual(ofUnknown);
		await untilOld();
		await expectRight(known);
		proxy.fault = undefined;
		await recovered(unknown);
	});

	it.each(["neutron", "nova"] as const)("%s answers 500 to every first call: every guest is served", async (api) => {
		proxy.fault = atFirst((call) => (call.api === api ? { kind: "status", status: 500 } : undefined));
		await expectAllRight();
	});

	it("every first answer breaks off: every guest is served, some when they come again", async () => {
		proxy.fault = atFirst((call) => (call.api === "keystone" ? undefined : { kind: "half" }));
		const served = (guest: Guest, index: number) =>
			eventually(`${guest.plan.name} is served`, 20, async () =>
				(await askRightly(guest, pathFor(index))) === 200 ? true : undefined,
			);
		await Promise.all(guests.map(served));
	});
});

/** What goes wrong when a call is made for the first time, and not when the same is called again. */
function atFirst(fault: (call: Call) => Fault | undefined): (call: Call) => Fault | undefined {
	const called = new Set<string>();
	return (call) => {
		if (called.has(call.target)) return undefined;
		called.add(call.target);
		return fault(call);
	};
}

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
