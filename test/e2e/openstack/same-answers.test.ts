import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { compareTrees } from "../../../src/service/comparison.ts";
import { type Asker, ask, askUntilServed } from "./asking.ts";
import { type Guestwire, startGuestwire } from "./guestwire.ts";
import { NOVA_METADATA } from "./laboratory.ts";

let guestwire: Guestwire;
beforeAll(async () => {
	guestwire = await startGuestwire({ profile: "nova", freshness: 600 });
	// Everybody at once, so that nobody's document is mixed up with another's unnoticed; and the APIs are left alone after.
	const everybody = [...inject("guests"), ...inject("crowd")];
	await Promise.all(everybody.map((guest) => askUntilServed(guestwire.port, guest, "/latest/meta-data")));
});
afterAll(() => guestwire.stop());

describe("guestwire compare", () => {
	it.each(["nova", "full"])(
		"finds nothing unexplained in profile %s",
		async (profile) => {
			const names = inject("guests").map(({ id }) => id);
			const { code, stdout } = await guestwire.run(["compare", ...names, "--profile", profile, "--parallel", "4"]);
			const { instances, paths, equal, deviating, deviations, differences } = JSON.parse(stdout);
			expect({ code, differences }).toEqual({ code: 0, differences: [] });
			expect(instances).toBe(names.length);
			expect(equal + deviating).toBe(paths);
			expect(Object.keys(deviations)).toContain("random_seed");
		},
		600_000,
	);
});

describe("profile nova beside the live nova-api-metadata", () => {
	it.concurrent.each(inject("guests"))("answers every path of $plan.name alike", async (guest) => {
		const { paths, found } = await differences(guest);
		expect(found).toEqual([]);
		expect(paths).toBeGreaterThan(200);
	});

	it.concurrent.each(inject("crowd"))("answers the newest paths of $id of the crowd alike", async (guest) => {
		const { paths, found } = await differences(guest, ["/openstack/latest", "/latest/meta-data"]);
		expect(found).toEqual([]);
		expect(paths).toBeGreaterThan(20);
	});

	const tagged = inject("guests").filter(({ plan }) => plan.nics.length > 1 && plan.nics.some(({ tag }) => tag));
	it.each(tagged)("shows the tags of $plan.name's NICs, which the fake driver doesn't", async (guest) => {
		const { body } = await askUntilServed(guestwire.port, guest, "/openstack/latest/meta_data.json");
		const nics = guest.plan.nics.flatMap(({ tag }, index) => (tag ? [[guest.ports[index].mac_address, [tag]]] : []));
		const { devices } = JSON.parse(body) as { devices: { mac: string; tags: string[] }[] };
		expect(devices.map(({ mac, tags }) => [mac, tags])).toEqual(nics);
	});
});

/** The unexplained differences, and how many paths were compared. The same one under several versions is listed once. */
async function differences(asker: Asker, start?: readonly string[]) {
	const found = new Map<string, unknown>();
	let paths = 0;
	const original = (path: string) => ask(NOVA_METADATA, asker, path);
	const ours = (path: string) => askUntilServed(guestwire.port, asker, path);
	for await (const compared of compareTrees(original, ours, start)) {
		paths++;
		if (compared.outcome !== "differing") continue;
		found.set(JSON.stringify([compared.original, compared.ours]), compared);
	}
	return { paths, found: [...found.values()] };
}
