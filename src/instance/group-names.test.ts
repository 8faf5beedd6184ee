import { expect, test } from "vitest";
import type { SecurityGroupFacts, ServerFacts } from "./facts.ts";
import { withGroupNames } from "./group-names.ts";

const server = (...names: string[]): ServerFacts => ({
	...{ id: "vm", name: "vm", metadata: {}, addresses: {} },
	security_groups: names.map((name) => ({ name })),
});
const groups = (names: Readonly<Record<string, string>>): SecurityGroupFacts[] =>
	Object.entries(names).map(([id, name]) => ({ id, name, security_group_rules: [] }));
const ports = (...each: string[][]) => each.map((security_groups) => ({ security_groups }));
const namesOf = (...parameters: Parameters<typeof withGroupNames>) =>
	withGroupNames(...parameters).security_groups.map(({ name }) => name);

test("every port has its groups' names, a group without a name its id, and a deleted one none", () => {
	const found = groups({ a: "default", b: "web", c: "" });
	expect(namesOf(server("old"), ports(["a", "b"], ["a", "c", "gone"]), found)).toEqual([
		"default",
		"web",
		"default",
		"c",
	]);
	expect(namesOf(server("old"), ports([]), found)).toEqual([]);
});

test("Nova's list stays if it has the same names, or if a group is not known", () => {
	const found = groups({ a: "default", b: "web" });
	expect(namesOf(server("web", "default"), ports(["a"], ["b"]), found)).toEqual(["web", "default"]);
	expect(namesOf(server("web", "default"), ports(["a"], ["a"]), found)).toEqual(["default", "default"]);
	expect(namesOf(server("old"), ports(["a"]), undefined)).toEqual(["old"]);
});
