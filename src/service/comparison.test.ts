import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { ALL_PATHS, compareAnswers, compareWithFull } from "./comparison.ts";

const ok = (body: string) => ({ status: 200, body });
const missing = { status: 404, body: "" };
const answers = [ok("meta_data.json"), ok("meta_data.json\nnetwork_data.json")] as const;

test.each(ALL_PATHS.filter((path) => path.includes("openstack")))(
	"profile full may list more, however the path is written: %s",
	(path) => {
		const compared = compareWithFull(compareAnswers(path, ...answers));
		expect([compared.outcome, compared.deviations]).toEqual(["deviating", ["profile-full"]]);
	},
);

test("it may not have another answer elsewhere", () => {
	expect(compareWithFull(compareAnswers("/openstack/latest/meta_data.json", ...answers)).outcome).toBe("differing");
});

test.each([
	[
		"a listing without a name that Nova lists",
		"/openstack/latest",
		ok("meta_data.json\nuser_data"),
		ok("meta_data.json"),
	],
	["no network data where Nova has some", "/openstack/latest/network_data.json", ok('{"links": [{}]}'), missing],
	["network data where Nova has none", "/openstack/latest/network_data.json", missing, ok("{}")],
	["the blueprint's document where Nova has one", "/openstack/latest/metadata/network_data", ok("{}"), ok("[]")],
])("it may not have %s", (_, path, original, ours) => {
	expect(compareWithFull(compareAnswers(path, original, ours)).outcome).toBe("differing");
});

test.each(["j-no-network", "k-addressless"])("it may have no network data where Nova has an empty one: %s", (name) => {
	const original = ok(
		readFileSync(new URL(`../../test/fixtures/zed/${name}/network_data.json`, import.meta.url), "utf8"),
	);
	const document = compareAnswers("/openstack/latest/network_data.json", original, missing);
	const listing = compareAnswers("/openstack/latest", answers[1], answers[0]);
	for (const comparison of [document, listing])
		expect(compareWithFull(comparison).deviations).toEqual(["profile-full"]);
});

test("it may have the blueprint's document, and other network data", () => {
	const added = compareAnswers("/openstack/latest/metadata/network_data.json", missing, ok("{}"));
	const other = compareAnswers("/openstack/latest/network_data.json", ok("{}"), ok("[]"));
	for (const comparison of [added, other]) expect(compareWithFull(comparison).deviations).toEqual(["profile-full"]);
});
