import { readFileSync } from "node:fs";
import { expect, it } from "vitest";

/** What a module imports at run time: modules by path, packages by name. */
function importsOf(module: URL): string[] {
	const code = readFileSync(module, "utf8");
	return [...code.matchAll(/^(?:import|export) (?!type )[^;]*? from "([^"]+)";/gm)].map(([, from]) => from ?? "");
}

it("depends on nothing but the formats, addresses, bonds, remarks, errors, safe text and two small packages", () => {
	const seen = new Set<string>();
	const packages = new Set<string>();
	const open = [new URL("./index.ts", import.meta.url)];
	for (const module of open) {
		if (seen.has(module.href)) continue;
		seen.add(module.href);
		for (const from of importsOf(module)) {
			if (from.startsWith(".")) open.push(new URL(from, module));
			else packages.add(from);
		}
	}
	const outside = [...seen].filter((href) => !href.includes("/src/render/"));
	expect(outside.map((href) => href.replace(/^.*\/src\//, "")).toSorted()).toEqual([
		"documents/network-description.ts",
		"documents/reading.ts",
		"errors.ts",
		"instance/addresses.ts",
		"instance/bonding.ts",
		"json-pointer.ts",
		"printable.ts",
	]);
	expect(packages).toEqual(new Set(["ipaddr.js", "node:crypto", "yaml"]));
});
