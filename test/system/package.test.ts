/** The package as its users get it: packed, installed into an empty project, and used there. Needs the npm registry. */
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { pageAssets } from "../page-assets.ts";
import { startServe } from "../serve-process.ts";
import { type Ran, run } from "./run.ts";

const root = new URL("../../", import.meta.url).pathname;
const manifest: { exports: Record<string, string>; files: string[] } = JSON.parse(
	readFileSync(join(root, "package.json"), "utf8"),
);
const modules = Object.keys(manifest.exports).filter((name) => !name.endsWith(".json"));

/** The programs of docs/library.md, each with what the page says that it prints. */
const manual = readFileSync(join(root, "docs/library.md"), "utf8");
const programs = Array.from(
	manual.matchAll(/^## (.+)\n(?:(?!^## )[\s\S])*?```js\n([\s\S]*?)```\n\n```text\n([\s\S]*?)```/gm),
	([, title = "", code = "", output = ""]) => ({ title, code, output }),
);

const isRequired = process.env["GUESTWIRE_TEST_PROGRAMS"] === "required";
const hasRegistry = spawnSync("npm", ["ping"], { timeout: 60_000 }).status === 0;
if (isRequired && !hasRegistry) throw new Error("the npm registry is unreachable: see npm ping");

describe.skipIf(!hasRegistry)("the installed package", () => {
	const folder = mkdtempSync(join(tmpdir(), "guestwire-package-"));
	const installed = join(folder, "project/node_modules/guestwire");
	const node = (...args: string[]): Promise<Ran> => run("env", ["-C", join(folder, "project"), "node", ...args]);

	beforeAll(() => {
		execFileSync("npm", ["pack", "--silent", "--pack-destination", folder], { cwd: root, stdio: "ignore" });
		const [tarball = ""] = readdirSync(folder);
		mkdirSync(join(folder, "project"));
		writeFileSync(join(folder, "project/package.json"), '{ "private": true, "type": "module" }');
		const install = ["install", "--silent", "--prefer-offline", "--no-audit", join(folder, tarball)];
		execFileSync("npm", install, { cwd: join(folder, "project"), stdio: "ignore" });
	}, 600_000);
	afterAll(() => rmSync(folder, { recursive: true }));

	it("contains what is published and nothing else", () => {
		const always = ["README.md", "LICENSE", "package.json"];
		expect(readdirSync(installed).toSorted()).toEqual([...manifest.files, ...always].toSorted());
		const built = readdirSync(join(installed, "dist"), { recursive: true, encoding: "utf8" });
		expect(built.filter((path) => /\.test\./.test(path))).toEqual([]);
	});

	it.each(modules)("exports %s with its types", async (name) => {
		const module = name.replace(/^\./, "guestwire");
		const { stdout, stderr } = await node("-e", `console.log(Object.keys(await import("${module}")).length > 0)`);
		expect(stdout + stderr).toBe("true\n");
		expect(existsSync(join(installed, manifest.exports[name]?.replace(/\.js$/, ".d.ts") ?? ""))).toBe(true);
	});

	it("has types that a strict TypeScript project accepts", async () => {
		const imports = modules.map((name, index) => `export * as m${index} from "${name.replace(/^\./, "guestwire")}";`);
		writeFileSync(join(folder, "project/types.ts"), imports.join("\n"));
		const options = ["--noEmit", "--strict", "--module", "nodenext", "--target", "es2024", "--typeRoots"];
		const types = [join(root, "node_modules/@types"), "--types", "node"];
		const ran = await run(join(root, "node_modules/.bin/tsc"), [
			...options,
			...types,
			"--ignoreConfig",
			join(folder, "project/types.ts"),
		]);
		expect(ran).toEqual({ stdout: "", stderr: "", code: 0 });
	}, 300_000);

	it("runs as a command", async () => {
		const example = join(installed, "examples/inventory");
		const { stdout } = await run(join(folder, "project/node_modules/.bin/guestwire"), [
			"show",
			"web-1",
			"--inventory",
			example,
		]);
		expect(JSON.parse(stdout).links).toHaveLength(1);
	});

	it("serves a guest, and operators the page", async () => {
		const listener = { listen: "127.0.0.1:0", identity: "fixed", instance: "web-1" };
		const config = { cloud: { files: { path: join(installed, "examples/inventory") } }, metadata: [listener] };
		const main = join(installed, "dist/cli/main.js");
		const { guests, operator } = await startServe(folder, config, {}, "pipe", { main });
		expect((await fetch(`${guests[0]}/openstack/latest/network_data.json`)).status).toBe(200);
		for (const path of pageAssets(await (await fetch(operator)).text())) {
			expect((await fetch(operator + path)).status).toBe(200);
		}
	});

	it("has programs in its manual", () => expect(programs.length).toBeGreaterThan(5));

	it.each(programs)("runs the manual's program: $title", async ({ code, output }) => {
		writeFileSync(join(folder, "project/program.js"), code);
		expect(await node("program.js")).toEqual({ stdout: output, stderr: "", code: 0 });
	});
});
