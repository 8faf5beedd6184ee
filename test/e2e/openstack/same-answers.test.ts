import { isDeepStrictEqual } from "node:util";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { normalizePath } from "../../../src/documents/paths.ts";
import { deviationsOf } from "../../deviations.ts";
import { type Answer, ask, askUntilServed } from "./asking.ts";
import { type Guestwire, startGuestwire } from "./guestwire.ts";
import type { Guest } from "./instances.ts";
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
	guestwire = await startGuestwire({ profile: "nova" });
});
afterAll(() => guestwire.stop());

describe("profile nova beside the live nova-api-metadata", () => {
	it.concurrent.each(inject("guests"))("answers every path of $plan.name alike", async (guest) => {
		const originals = await crawl(guest);
		expect(originals.size).toBeGreaterThan(200);
		// The same difference under several versions is one.
		const differences = new Map<string, unknown>();
		for (const [path, original] of originals) {
			const ours = await askUntilServed(guestwire.port, guest, path);
			const pair = [original, ours].map(({ status, body }) => ({ status, body })) as [Plain, Plain];
			for (const deviation of deviationsOf(normalizePath(path) ?? "")) deviation.level(...pair);
			if (isDeepStrictEqual(...pair)) continue;
			differences.set(JSON.stringify(pair), { path, original: pair[0], ours: pair[1] });
		}
		expect([...differences.values()]).toEqual([]);
	});
});

type Plain = Pick<Answer, "status" | "body">;

/** What Nova answers for a guest: everything that its listings name, and every document under every version. */
async function crawl(guest: Guest): Promise<Map<string, Answer>> {
	const answers = new Map<string, Answer>();
	const queue = ["/", "/openstack", "/openstack/latest/", "//openstack/../openstack/latest", "/no-such-version"];
	for (let path = queue.shift(); path !== undefined; path = queue.shift()) {
		if (answers.has(path)) continue;
		const answer = await ask(NOVA_METADATA, guest, path);
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
