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
/** No guest waits longer for a response: cloud-init's timeout, twice the budget of a request. Seconds. */
const PATIENCE = 10;

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
	await allServed(known);
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
	expect((performance.now() - started) / 1000).toBeLessThan(PATIENCE);
	if (status === 200) expect(withoutSeed(body)).toBe(right.get(keyOf(guest, path)));
	else expect({ status, retry: Number(headers["retry-after"]) > 0, body }).toMatchObject({ status: 503, retry: true });
	return status;
}

/** The status of each path, asked for at once. */
const statuses = (guest: Guest) => Promise.all(PATHS.map((path) => askRightly(guest, path)));

async function expectRight(guest: Guest): Promise<void> {
	expect(await statuses(guest)).toEqual(ALL_SERVED);
}

/**
 * Asks for all paths until they have these statuses. How often a guest has to ask depends on how fast the cloud is. The
 * paths that are not to be served are never served in between.
 */
async function becomes(guest: Guest, wanted: readonly number[]): Promise<void> {
	await eventually(`${guest.plan.name} gets ${wanted}`, 60, async () => {
		const found = await statuses(guest);
		for (const [index, status] of found.entries()) if (wanted[index] !== 200) expect(status).toBe(wanted[index]);
		return found.every((status, index) => status === wanted[index]) ? true : undefined;
	});
}

const allServed = (guest: Guest) => becomes(guest, ALL_SERVED);

/** Each guest asks for one of the paths until it is served. */
async function everybodyIsServed(): Promise<void> {
	const served = (guest: Guest, index: number) =>
		eventually(`${guest.plan.name} is served`, 60, async () =>
			(await askRightly(guest, PATHS[index % PATHS.length] as string)) === 200 ? true : undefined,
		);
	await Promise.all(guests.map(served));
}

/** Waits until the answers of before are older than the freshness. */
const untilOld = () => pause(FRESHNESS * 1000 + 100);
const onNeutron = (fault: Fault) => (call: Call) => (call.api === "neutron" ? fault : undefined);
const stale = () => guestwire.metric("guestwire_cache_oldest_stale_seconds");

describe("when the cloud fails", () => {
	it("a slow Neutron is waited for", async () => {
		proxy.fault = onNeutron({ kind: "late", ms: 900 });
		await allServed(unknown);
	});

	it("a Neutron slower than the budget: the last answer, or 503", async () => {
		proxy.fault = onNeutron({ kind: "late", ms: 20_000 });
		expect(await statuses(unknown)).toEqual(NONE_SERVED);
		await untilOld();
		await expectRight(known);
		proxy.fault = undefined;
		await allServed(unknown);
	});

	it("Neutron down: the last answer with its age in the metrics, or 503; then recovery", async () => {
		await proxy.takeDown("neutron");
		await untilOld();
		await expectRight(known);
		expect(await stale()).toBeGreaterThanOrEqual(FRESHNESS);
		expect(await statuses(unknown)).toEqual(NONE_SERVED);
		await proxy.bringBack("neutron");
		await allServed(unknown);
		await allServed(known);
		await eventually("the age is 0 again", 10, async () => ((await stale()) === 0 ? true : undefined));
	});

	it("Nova down: the last answer, or 503, except for what needs only Neutron; then recovery", async () => {
		await proxy.takeDown("nova");
		await untilOld();
		await expectRight(known);
		expect(await stale()).toBeGreaterThanOrEqual(FRESHNESS);
		await becomes(unknown, [200, 503, 503]);
		await proxy.bringBack("nova");
		await allServed(unknown);
		await allServed(known);
	});

	it("Keystone down, the token still valid: no effect", async () => {
		await proxy.takeDown("keystone");
		await allServed(unknown);
	});

	it("the token is revoked: one new one for any number of requests", async () => {
		await revoke(proxy.lastToken);
		proxy.forget();
		await everybodyIsServed();
		const logins = proxy.calls.filter(({ method, target }) => method === "POST" && target.endsWith("/auth/tokens"));
		expect(logins.length).toBe(1);
	});

	it.each([
		["neutron", NONE_SERVED],
		["nova", [200, 503, 503]],
	] as const)("%s's answers break off half-way: 503 or the right document", async (api, ofUnknown) => {
		proxy.fault = (call) => (call.api === api ? { kind: "half" } : undefined);
		await becomes(unknown, ofUnknown);
		await untilOld();
		await expectRight(known);
		proxy.fault = undefined;
		await allServed(unknown);
	});

	it.each(["neutron", "nova"] as const)("%s answers 500 to every first call: every guest is served", async (api) => {
		proxy.fault = atFirst((call) => (call.api === api ? { kind: "status", status: 500 } : undefined));
		await everybodyIsServed();
	});

	it("every first answer breaks off: every guest is served, some on their second attempt", async () => {
		proxy.fault = atFirst((call) => (call.api === "keystone" ? undefined : { kind: "half" }));
		await everybodyIsServed();
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
