import { isDeepStrictEqual } from "node:util";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { normalizePath } from "../../../src/documents/paths.ts";
import { type Answered, deviationsOf } from "../../deviations.ts";
import { type Answer, type Asker, ask, askUntilServed } from "./asking.ts";
import { type Guestwire, startGuestwire } from "./guestwire.ts";
import { NOVA_METADATA } from "./laboratory.ts";

/** Asked for under every version, whether it lists them or not. */
const DOCUMENTS = [
	"meta_data.json",
	"network_data.json",
	"vendor_data.json",
	"vendor_data2.json",
	"user_data",
	"password",
	"no-such-document",
];

let guestwire: Guestwire;
beforeAll(async () => {
	guestwire = await startGuestwire({ profile: "nova", freshness: 600 });
	// Everybody at once, so that nobody's document is mixed up with another's unnoticed; and the APIs are left alone after.
	const everybody = [...inject("guests"), ...inject("crowd")];
	await Promise.all(everybody.map((guest) => askUntilServed(guestwire.port, guest, "/latest/meta-data")));
});
afterAll(() => guestwire.stop());

describe("profile nova beside the live nova-api-metadata", () => {
	it.concurrent.each(inject("guests"))("answers every path of $plan.name alike", async (guest) => {
		const originals = await crawl(guest, [
			"/",
			"/openstack",
			"/openstack/latest/",
			"//openstack/../openstack/latest",
			"/no-such-version",
		]);
		expect(originals.size).toBeGreaterThan(200);
		expect(await differences(guest, originals)).toEqual([]);
	});

	it.concurrent.each(inject("crowd"))("answers the newest paths of $id of the crowd alike", async (guest) => {
		const originals = await crawl(guest, ["/openstack/latest", "/latest/meta-data"]);
		expect(originals.size).toBeGreaterThan(20);
		expect(await differences(guest, originals)).toEqual([]);
	});

	const tagged = inject("guests").filter(({ plan }) => plan.nics.length > 1 && plan.nics.some(({ tag }) => tag));
	it.each(tagged)("shows the tags of $plan.name's NICs, which the fake driver doesn't", async (guest) => {
		const { body } = await askUntilServed(guestwire.port, guest, "/openstack/latest/meta_data.json");
		const nics = guest.plan.nics.flatMap(({ tag }, index) => (tag ? [[guest.ports[index].mac_address, [tag]]] : []));
		const { devices } = JSON.parse(body) as { devices: { mac: string; tags: string[] }[] };
		expect(devices.map(({ mac, tags }) => [mac, tags])).toEqual(nics);
	});
});

/** What Guestwire answers otherwise than the original, but for the deviations. The same under several versions is one. */
async function differences(asker: Asker, originals: ReadonlyMap<string, Answer>): Promise<unknown[]> {
	const found = new Map<string, unknown>();
	for (const [path, original] of originals) {
		const ours = await askUntilServed(guestwire.port, asker, path);
		const pair = [original, ours].map(({ status, body }) => ({ status, body })) as [Answered, Answered];
		for (const deviation of deviationsOf(normalizePath(path) ?? "")) deviation.level(...pair);
		if (isDeepStrictEqual(...pair)) continue;
		found.set(JSON.stringify(pair), { path, original: pair[0], ours: pair[1] });
	}
	return [...found.values()];
}

/** What Nova answers under these paths: everything that its listings name, and every document under every version. */
async function crawl(asker: Asker, queue: string[]): Promise<Map<string, Answer>> {
	const answers = new Map<string, Answer>();
	for (let path = queue.shift(); path !== undefined; path = queue.shift()) {
		if (answers.has(path)) continue;
		const answer = await ask(NOVA_METADATA, asker, path);
		answers.set(path, answer);
		if (answer.status === 200) queue.push(...listed(path, answer.body));
	}
	return answers;
}

/** The paths that a listing names; none when the path is a document. */
function listed(path: string, body: string): string[] {
	if (path === "/") return body.split("\n").map((version) => `/${version}`);
	if (path === "/openstack") return body.split("\n").map((version) => `/openstack/${version}`);
	if (/^\/openstack\/[^/]+$/.test(path)) return DOCUMENTS.map((name) => `${path}/${name}`);
	if (/^\/[^/]+$/.test(path)) return ["user-data", "meta-data", "no-such-entry"].map((name) => `${path}/${name}`);
	if (!/\/meta-data($|\/.*\/$)|\/meta-data$/.test(path)) return [];
	const entries = body === "" ? [] : body.split("\n");
	// "0=name" is the folder "0/" of a key pair.
	return entries.map((entry) => `${path.replace(/\/$/, "")}/${entry.replace(/^(\d+)=.*$/, "$1/")}`);
}
