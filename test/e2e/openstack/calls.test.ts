import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, it } from "vitest";
import { type ApiName, type ApiProxy, startApiProxy } from "./api-proxy.ts";
import { type Asker, askUntilServed } from "./asking.ts";
import { makeCrowd } from "./crowd.ts";
import { type Guestwire, startGuestwire } from "./guestwire.ts";

const NETWORK_DATA = "/openstack/latest/network_data.json";
const META_DATA = "/openstack/latest/meta_data.json";
/** What needs all that is known of a guest. */
const EVERYTHING = "/latest/meta-data/local-ipv4";
/** What a guest reads at its boot, in no order that helps. */
const MIXED = [NETWORK_DATA, META_DATA, EVERYTHING, "/openstack/latest/vendor_data2.json", "/latest/meta-data/"];

/**
 * A guest's own ports are as new as the look-up that asks for them: one for the wiring, one for the record and one for
 * all, where these don't come within the same few milliseconds. Nothing else is asked again.
 */
const isOfOwnPorts = (target: string) => /\/ports\?(device_id|id)=/.test(target);

let proxy: ApiProxy;
beforeAll(async () => {
	proxy = await startApiProxy();
});
afterAll(() => proxy.close());

const crowd = await makeCrowd();
const calls = (api: ApiName) => proxy.calls.filter((call) => call.api === api);
describe.each(["nova", "full"] as const)("the APIs are asked little, profile %s", (profile) => {
	const first = crowd[0] as Asker;
	let guestwire: Guestwire;

	beforeEach(async () => {
		guestwire = await startGuestwire({ authUrl: proxy.authUrl, profile });
		// What is asked once in a process's life (a token, versions, extensions) is not what these tests count.
		await askAll([crowd.at(-1) as Asker], META_DATA);
		proxy.forget();
	});
	afterEach(() => guestwire.stop());

	const askAll = async (askers: readonly Asker[], path: string) => {
		const answers = await Promise.all(askers.map((asker) => askUntilServed(guestwire.port, asker, path)));
		expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
		return answers;
	};

	it.each([NETWORK_DATA, META_DATA, EVERYTHING])(
		"200 guests request %s at once, cold: at most 12 Neutron calls, and one Nova call per server",
		async (path) => {
			expect(crowd.length).toBe(200);
			const answers = await askAll(crowd, path);
			expect(new Set(answers.map(({ body }) => body)).size).toBe(200);
			expect(calls("neutron").length).toBeLessThanOrEqual(12);
			const targets = calls("nova").map(({ target }) => target);
			const pages = targets.filter((target) => target.includes("/servers/detail"));
			const servers = targets.filter((target) => /\/servers\/[0-9a-f-]{36}$/.test(target));
			expect(pages.length).toBeLessThanOrEqual(4);
			expect(servers).toEqual([...new Set(servers)]);
			expect(pages.length + servers.length).toBeLessThanOrEqual(200);
			expect(calls("keystone").length).toBe(0);
		},
	);

	const guestOf = (name: string) => inject("guests").find(({ plan }) => plan.name === name) as Asker;
	it.each([
		["one of the crowd", first],
		["a guest with a key pair", guestOf("cherry-full")],
		["a guest with a trunk", guestOf("sloe-trunk")],
		["a guest with a tagged NIC among three", guestOf("plum-three")],
	])("%s asks 50 times at once for several documents: one look-up for each kind", async (_, guest) => {
		await Promise.all(Array.from({ length: 50 }, (_, index) => askAll([guest], MIXED[index % MIXED.length] as string)));
		const targets = proxy.calls.map(({ target }) => target);
		expect(targets.length).toBeGreaterThan(2);
		const [own, common] = [targets.filter(isOfOwnPorts), targets.filter((target) => !isOfOwnPorts(target))];
		expect(common).toEqual([...new Set(common)]);
		for (const times of Map.groupBy(own, (target) => target).values()) expect(times.length).toBeLessThanOrEqual(3);
	});

	it("no call for a warm guest", async () => {
		await askAll([first], EVERYTHING);
		proxy.forget();
		for (const path of [META_DATA, NETWORK_DATA, EVERYTHING]) await askAll([first], path);
		expect(proxy.calls).toEqual([]);
	});
});
