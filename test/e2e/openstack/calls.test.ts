import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, it } from "vitest";
import { type ApiName, type ApiProxy, startApiProxy } from "./api-proxy.ts";
import { type Asker, askUntilServed } from "./asking.ts";
import { type Guestwire, startGuestwire } from "./guestwire.ts";

const NETWORK_DATA = "/openstack/latest/network_data.json";
const META_DATA = "/openstack/latest/meta_data.json";
/** What needs all that is known of a guest. */
const EVERYTHING = "/latest/meta-data/local-ipv4";

let proxy: ApiProxy;
beforeAll(async () => {
	proxy = await startApiProxy();
});
afterAll(() => proxy.close());

const calls = (api: ApiName) => proxy.calls.filter((call) => call.api === api);
describe.each(["nova", "full"] as const)("the APIs are asked little, profile %s", (profile) => {
	const crowd = inject("crowd");
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
		"200 guests ask for %s at once, cold: 12 Neutron calls at most",
		async (path) => {
			expect(crowd.length).toBe(200);
			const answers = await askAll(crowd, path);
			expect(new Set(answers.map(({ body }) => body)).size).toBe(200);
			expect(calls("neutron").length).toBeLessThanOrEqual(12);
			const serverCalls = calls("nova").filter(({ target }) => /\/servers\/[\w-]+(\?|$)/.test(target));
			expect(serverCalls.length).toBeLessThanOrEqual(200);
			expect(calls("keystone").length).toBe(0);
		},
	);

	it("one guest asks 50 times at once: one look-up, nothing is asked twice", async () => {
		await askAll(Array(50).fill(first), EVERYTHING);
		const targets = proxy.calls.map(({ method, target }) => `${method} ${target}`);
		expect(targets.length).toBeGreaterThan(2);
		expect(targets).toEqual([...new Set(targets)]);
	});

	it("a warm guest asks: no call", async () => {
		await askAll([first], EVERYTHING);
		proxy.forget();
		for (const path of [META_DATA, NETWORK_DATA, EVERYTHING]) await askAll([first], path);
		expect(proxy.calls).toEqual([]);
	});
});
