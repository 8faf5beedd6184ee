import { rm } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { askUntilServed } from "./asking.ts";
import { type Guestwire, startGuestwire } from "./guestwire.ts";
import type { Guest } from "./instances.ts";
import { attachesShares, NOVA_METADATA, runInside, STATE } from "./laboratory.ts";

const guests = inject("guests");

let guestwire: Guestwire;
beforeAll(async () => {
	guestwire = await startGuestwire({ profile: "nova", tagsOfSingleNics: true });
});
afterAll(() => guestwire.stop());

describe("guestwire compare", () => {
	it.each(["nova", "full"])(
		"finds nothing unexplained in profile %s",
		async (profile) => {
			const names = guests.map(({ id }) => id);
			const { code, stdout } = await guestwire.run(["compare", ...names, "--profile", profile, "--parallel", "4"]);
			const { instances, paths, equal, deviating, deviations, differences, failures } = JSON.parse(stdout);
			const figures = `${paths} paths, ${equal} equal, ${deviating} deviating, ${differences.length} unexplained`;
			console.log(`profile ${profile}: ${instances} instances, ${figures}`);
			expect({ code, differences, failures }).toEqual({ code: 0, differences: [], failures: [] });
			expect(instances).toBe(names.length);
			expect(equal + deviating).toBe(paths);
			expect(equal).toBeGreaterThan(150 * instances);
			expect(Object.keys(deviations)).toContain("random_seed");
		},
		1_200_000,
	);
});

describe("the config drive that Nova's own code makes", () => {
	const folder = `${STATE}/run/drives`;
	beforeAll(async () => {
		await runInside(["nova-drive", folder], guests.map(({ id }) => `${id}\n`).join(""));
	});
	afterAll(() => rm(folder, { recursive: true }));

	describe.each(["nova", "full"])("has in profile %s nothing that guestwire compare does not explain", (profile) => {
		it.concurrent.each(guests)("$plan.name", async ({ id }) => {
			const drive = ["--drive", join(folder, `${id}.iso`)];
			const { code, stdout } = await guestwire.run(["compare", id, ...drive, "--profile", profile]);
			const { paths, equal, deviating, differences, failures } = JSON.parse(stdout);
			expect({ code, differences, failures }).toEqual({ code: 0, differences: [], failures: [] });
			expect(equal + deviating).toBe(paths);
			// network_data.json may differ on purpose, in each of its versions.
			expect(equal).toBeGreaterThan(12);
		});
	});
});

describe.runIf(attachesShares())("a share", () => {
	it.each(["latest", "2025-04-04", "2020-10-14"])("is among the devices as in Nova's version %s", async (version) => {
		const guest = guests.find(({ plan }) => plan.share) as Guest;
		const path = `/openstack/${version}/meta_data.json`;
		const answers = await Promise.all([NOVA_METADATA, guestwire.port].map((port) => askUntilServed(port, guest, path)));
		const [original, ours] = answers.map(({ body }) => JSON.stringify(JSON.parse(body).devices));
		expect(ours).toBe(original);
		expect(ours?.includes(guest.plan.share?.tag ?? "?")).toBe(version !== "2020-10-14");
	});
});

describe("what Nova's fake driver does not record", () => {
	const tagsOf = ({ plan, ports }: Guest) => [
		...plan.nics.flatMap(({ tag }, index) => (tag ? [`${ports[index].mac_address} ${tag}`] : [])),
		...(plan.volumes ?? []).flatMap(({ tag }) => (tag ? [`disk ${tag}`] : [])),
	];
	const tagged = guests.filter((guest) => tagsOf(guest).length > 0);
	it.each(tagged)("the tags of $plan.name's NICs and volumes", async (guest) => {
		const { body } = await askUntilServed(guestwire.port, guest, "/openstack/latest/meta_data.json");
		const { devices } = JSON.parse(body) as { devices: { mac?: string; type: string; tags: string[] }[] };
		expect(devices.flatMap(({ mac, type, tags }) => tags.map((tag) => `${mac ?? type} ${tag}`))).toEqual(tagsOf(guest));
	});
});
