/** What the bill of materials says of the Debian package, and the licences in it. */
import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { components, releaseFile } from "./release.ts";

const root = new URL("../../", import.meta.url).pathname;

interface Locked {
	readonly version: string;
	readonly dependencies?: Readonly<Record<string, string>>;
}

const { packages }: { packages: Readonly<Record<string, Locked>> } = JSON.parse(
	readFileSync(join(root, "package-lock.json"), "utf8"),
);

const locked = (name: string): Locked => {
	const found = packages[`node_modules/${name}`];
	if (found === undefined) throw new Error(`${name} is not in package-lock.json`);
	return found;
};

/** The packages that the page's sources import. */
function importedByPage(): string[] {
	const found = new Set<string>();
	const sources = join(root, "web/src");
	for (const path of readdirSync(sources, { recursive: true, encoding: "utf8" })) {
		if (!/\.tsx?$/.test(path)) continue;
		const imports = readFileSync(join(sources, path), "utf8").matchAll(
			/^(?!import type)(?:import|\}).* from "((?:@[^/"]+\/)?[^./"][^/"]*)/gm,
		);
		for (const [, name = ""] of imports) found.add(name);
	}
	return [...found];
}

describe("the Debian package", () => {
	const folder = mkdtempSync(join(tmpdir(), "guestwire-contents-"));
	const home = join(folder, "usr/lib/guestwire");
	beforeAll(() => void execFileSync("dpkg-deb", ["-x", releaseFile(/\.deb$/), folder]));
	afterAll(() => rmSync(folder, { recursive: true }));

	it("has no package that is missing in the bill of materials", () => {
		const installed = readdirSync(home, { recursive: true, encoding: "utf8" })
			.filter((path) => /(^|\/)node_modules\/(@[^/]+\/)?[^/]+\/package\.json$/.test(path))
			.map((path) => JSON.parse(readFileSync(join(home, path), "utf8")))
			.map(({ name, version }) => `${name}@${version}`);
		expect(installed.length).toBeGreaterThan(20);
		const known = components().map((one) => one["bom-ref"]);
		expect(installed.filter((one) => !known.includes(one))).toEqual([]);
	});

	it("has the licence of every package in its page, and the bill of materials names them", () => {
		const imported = importedByPage();
		expect(imported).toEqual(expect.arrayContaining(["preact", "diff"]));
		const needed = imported.flatMap((name) => [name, ...Object.keys(locked(name).dependencies ?? {})]);
		const known = components().map((one) => one["bom-ref"]);
		expect(needed.filter((name) => !known.includes(`${name}@${locked(name).version}`))).toEqual([]);
		const licences = readFileSync(join(home, "dist/web/licenses.md"), "utf8");
		for (const name of imported) {
			const [, after] = licences.split(`## ${name} - ${locked(name).version} (`);
			expect(after, name).toMatch(/^[\w-]+\)\n[^#]*Copyright/);
		}
	});

	it("names files that are there in its copyright", () => {
		const copyright = readFileSync(join(folder, "usr/share/doc/guestwire/copyright"), "utf8");
		const named = copyright.match(/\/usr\/lib\/guestwire\/[\w./]*\w/g) ?? [];
		expect(named).toHaveLength(3);
		for (const path of named) expect(existsSync(join(folder, path)), path).toBe(true);
	});
});
