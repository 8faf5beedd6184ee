import { expect, test } from "vitest";
import { chooseMicroversion } from "./microversion.ts";

const choose = (oldest: string, newest: string) =>
	chooseMicroversion({ value: { version: { min_version: oldest, version: newest } }, where: "GET /v2.1/" });

test.each([
	["Pike", "2.1", "2.53", "2.53"],
	["Zed", "2.1", "2.93", "2.93"],
	["newer than any known one", "2.1", "2.120", "2.100"],
])("%s", (_, oldest, newest, spoken) => {
	expect(choose(oldest, newest)).toBe(spoken);
});

// https://docs.openstack.org/nova/latest/reference/api-microversion-history.html: the newest of each release.
test.each([
	["the API before microversions", "", ""],
	["hides user data (2.3)", "2.1", "2.1"],
	["Newton: flavors without names (2.47)", "2.1", "2.38"],
	["Ocata: the same", "2.1", "2.42"],
	["has dropped all known versions", "2.101", "2.120"],
])("%s: rejected in one line that says what is needed", (_, oldest, newest) => {
	expect(() => choose(oldest, newest)).toThrow(/^GET \/v2\.1\/: .*needs one from 2\.47 \(Pike, 2017\) to 2\.100$/);
});
