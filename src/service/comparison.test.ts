import { expect, test } from "vitest";
import { ALL_PATHS, compareAnswers, compareWithFull } from "./comparison.ts";

const answers = [
	{ status: 200, body: "meta_data.json\nnetwork_data.json" },
	{ status: 200, body: "meta_data.json" },
] as const;

test.each(ALL_PATHS.filter((path) => path.includes("openstack")))(
	"profile full may list other documents, however the path is written: %s",
	(path) => {
		const compared = compareWithFull(compareAnswers(path, ...answers));
		expect([compared.outcome, compared.deviations]).toEqual(["deviating", ["profile-full"]]);
	},
);

test("it may not have another answer elsewhere", () => {
	expect(compareWithFull(compareAnswers("/openstack/latest/meta_data.json", ...answers)).outcome).toBe("differing");
});
