import { setTimeout as pause } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Api, eventually, type Json, login } from "./api.ts";
import { ask } from "./asking.ts";
import { type Guestwire, startGuestwire } from "./guestwire.ts";
import { built, ensureBootSource, type Guest, startGuest } from "./instances.ts";
import { makeNetwork, type Wiring } from "./networks.ts";
import { PROJECT } from "./plan.ts";

const NETWORK_DATA = "/openstack/latest/network_data.json";
/** Seconds. */
const FRESHNESS = 3;

const network = {
	name: "willow",
	subnets: [
		{ name: "willow-v4", cidr: "10.90.0.0/22", more: { enable_dhcp: false, dns_nameservers: ["10.90.0.53"] } },
		{ name: "willow-v6", cidr: "2001:db8:90::/64", more: { ip_version: 6, enable_dhcp: false } },
	],
};
const plan = { name: "willow", nics: [{ network: "willow", addresses: [["willow-v4", "10.90.1.1"]] as const }] };

let api: Api;
let guest: Guest;
let guestwire: Guestwire;
const wiring: Wiring = new Map();
const idOf = (name: string): string => wiring.get(name).id;

beforeAll(async () => {
	api = await login(PROJECT);
	await remove();
	await makeNetwork(api, network, wiring);
	guest = await startGuest(api, plan, wiring, await ensureBootSource());
	await built(api, guest.id);
	guestwire = await startGuestwire({ profile: "full", freshness: FRESHNESS });
});
afterAll(async () => {
	await guestwire.stop();
	await remove();
});

/** Takes away what this run made, or one that was broken off. */
async function remove(): Promise<void> {
	const servers = async (): Promise<Json[]> => (await api.get("compute", "/servers?name=^willow$")).servers;
	for (const { id } of await servers()) await api.delete("compute", `/servers/${id}`);
	await eventually("the server is gone", 60, async () => ((await servers()).length === 0 ? true : undefined));
	for (const kind of ["ports", "networks"]) {
		const found = await api.get("network", `/${kind}?name=willow&name=willow-0&project_id=${api.projectId}`);
		for (const { id } of found[kind]) await api.delete("network", `/${kind}/${id}`);
	}
}

const port = () => `/ports/${guest.ports[0].id}`;
const v4 = { subnet_id: () => idOf("willow-v4") };

/** What is changed, and the text in the document that tells the change; `{n}` differs from one run of a change to the next. */
const changes: { what: string; change: (n: number) => Promise<Json>; sign: (n: number) => string }[] = [
	{
		what: "a port's address",
		change: (n) => setAddresses([["willow-v4", `10.90.2.${n}`]]),
		sign: (n) => `"10.90.2.${n}"`,
	},
	{
		what: "a further address of a port",
		change: (n) =>
			setAddresses([
				["willow-v4", "10.90.1.1"],
				["willow-v6", `2001:db8:90::${n}`],
			]),
		sign: (n) => `"2001:db8:90::${n}"`,
	},
	{
		what: "a subnet's DNS server",
		change: (n) => api.put("network", `/subnets/${v4.subnet_id()}`, { subnet: { dns_nameservers: [`10.90.3.${n}`] } }),
		sign: (n) => `"10.90.3.${n}"`,
	},
	{
		what: "a subnet's host route",
		change: (n) =>
			api.put("network", `/subnets/${v4.subnet_id()}`, {
				subnet: { host_routes: [{ destination: `198.18.${n}.0/24`, nexthop: "10.90.0.9" }] },
			}),
		sign: (n) => `"198.18.${n}.0"`,
	},
	{
		what: "a network's MTU",
		change: (n) => api.put("network", `/networks/${idOf("willow")}`, { network: { mtu: 1300 + n } }),
		sign: (n) => `"mtu": ${1300 + n}`,
	},
];

const setAddresses = (addresses: readonly (readonly [string, string])[]) =>
	api.put("network", port(), {
		port: { fixed_ips: addresses.map(([subnet, ip_address]) => ({ subnet_id: idOf(subnet), ip_address })) },
	});

/**
 * How many answers were old because the cloud gave no new one in time: the mirror waits for it for 1 s, and the cache in
 * front of the mirror keeps what it got.
 */
const staleAnswers = async () =>
	(await guestwire.metric("guestwire_mirror_answers_total", 'origin="stale"')) +
	(await guestwire.metric("guestwire_cache_stale_answers"));

let knownStale = 0;
let staleUntil = 0;

/** A document, and when it was asked for. While a slow cloud's old answer may still be given, it is asked for again. */
async function read(): Promise<{ readonly body: string; readonly asked: number }> {
	for (;;) {
		const asked = performance.now();
		const { status, body } = await ask(guestwire.port, guest, NETWORK_DATA);
		const stale = await staleAnswers();
		if (stale !== knownStale) staleUntil = performance.now() + FRESHNESS * 1000;
		knownStale = stale;
		if (status === 200 && asked >= staleUntil) return { body, asked };
		if (status !== 200) expect(status).toBe(503);
		await pause(100);
	}
}

describe.each(changes)("$what changes", ({ change, sign }) => {
	it(`is in the next answer ${FRESHNESS} s later, though nobody asked in between`, async () => {
		expect((await read()).body).not.toContain(sign(11));
		await change(11);
		await pause(FRESHNESS * 1000);
		expect((await read()).body).toContain(sign(11));
	});

	it(`is in whatever is asked for ${FRESHNESS} s later by a guest that keeps asking`, async () => {
		await read();
		await change(12);
		const changed = performance.now();
		for (;;) {
			const { body, asked } = await read();
			if (body.includes(sign(12))) break;
			expect((asked - changed) / 1000).toBeLessThan(FRESHNESS);
			await pause(100);
		}
	});
});
