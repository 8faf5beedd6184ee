import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, it } from "vitest";
import { type ApiName, type ApiProxy, startApiProxy } from "./api-proxy.ts";
import { askUntilServed, type Requester } from "./asking.ts";
import { type Guestwire, startGuestwire } from "./guestwire.ts";
import { makeManyGuests } from "./many-guests.ts";

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

const guests = await makeManyGuests();
const calls = (api: ApiName) => proxy.calls.filter((call) => call.api === api);
describe.each(["nova", "full"] as const)("the APIs are asked little, profile %s", (profile) => {
	const first = guests[0] as Requester;
	let guestwire: Guestwire;

	beforeEach(async () => {
		guestwire = await startGuestwire({ authUrl: proxy.authUrl, profile });
		// What is asked once in a process's life (a token, versions, extensions) is not what these tests count.
		await askAll([guests.at(-1) as Requester], META_DATA);
		proxy.forget();
	});
	afterEach(() => guestwire.stop());

	const askAll = async (requesters: readonly Requester[], path: string) => {
		const answers = await Promise.all(requesters.map((requester) => askUntilServed(guestwire.port, requester, path)));
		expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
		return answers;
	};

	it.each([NETWORK_DATA, META_DATA, EVERYTHING])(
		"200 guests request %s at once, cold: at most 12 Neutron calls, and one Nova call per server",
		async (path) => {
			expect(guests.length).toBe(200);
			const answers = await askAll(guests, path);
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

	const guestOf = (name: string) => inject("guests").find(({ plan }) => plan.name === name) as Requester;
	it.each([
		["one of many guests", first],
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
