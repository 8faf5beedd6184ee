/** Everything that npm installs comes from the registry, and is the same as when it was chosen. */
import { readFileSync } from "node:fs";
import { expect, it } from "vitest";

interface Locked {
	/** Absent: the registry. */
	readonly resolved?: string;
	/** npm may leave it out for packages that are only for other systems. */
	readonly integrity?: string;
}

const lock: { readonly packages: Readonly<Record<string, Locked>> } = JSON.parse(
	readFileSync(new URL("../package-lock.json", import.meta.url), "utf8"),
);

it("every package is locked by its hash, and comes from the npm registry", () => {
	const { "": _project, ...packages } = lock.packages;
	expect(Object.keys(packages).length).toBeGreaterThan(50);
	for (const [name, { resolved = "https://registry.npmjs.org/", integrity }] of Object.entries(packages)) {
		expect(resolved, name).toMatch(/^https:\/\/registry\.npmjs\.org\//);
		expect(integrity, name).toMatch(/^sha512-[A-Za-z0-9+/]{86}==$/);
	}
});
