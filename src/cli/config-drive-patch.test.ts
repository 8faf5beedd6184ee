import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { runCli } from "../../test/run-cli.ts";
import { decodeConfigDrive, readConfigDrive } from "../config-drive/index.ts";

const path = (name: string) => new URL(`../../${name}`, import.meta.url).pathname;
const examples = ["--inventory", path("examples/inventory")];

let folder: string;
const file = (name: string) => join(folder, name);
beforeEach(() => {
	folder = mkdtempSync(join(tmpdir(), "guestwire-cli-patch-"));
	// Made by Nova with genisoimage.
	const nova = gunzipSync(readFileSync(path("test/fixtures/zed-config-drives/b2-static4-routes.iso.gz")));
	writeFileSync(file("nova.iso"), nova);
});
afterEach(() => rmSync(folder, { recursive: true }));

const patch = (...args: string[]) => runCli(["config-drive", "--patch", ...args]);
const filesOf = (name: string) => {
	const contents = readConfigDrive(decodeConfigDrive(readFileSync(file(name))));
	return new Map([...contents.paths()].map((path) => [path, Buffer.from(contents.read(path) ?? "").toString()]));
};

describe("config-drive --patch", () => {
	it("writes an instance's network data into every version folder of a drive", async () => {
		const { code, stdout } = await patch(file("nova.iso"), "web-1", ...examples, "-o", file("new.iso"));
		const result = JSON.parse(stdout);
		expect([code, result.file, result.bytes]).toEqual([0, file("new.iso"), statSync(file("new.iso")).size]);
		expect(statSync(file("new.iso")).mode & 0o777).toBe(0o600);
		const shown = await runCli(["show", "web-1", ...examples]);
		const before = filesOf("nova.iso");
		const names = [...before.keys()].filter((name) => name.endsWith("/network_data.json"));
		expect(result.replaced).toEqual(names.sort());
		expect(filesOf("new.iso")).toEqual(
			new Map([...before].map(([name, text]) => [name, names.includes(name) ? shown.stdout : text])),
		);
	});

	it("replaces the other forms of the network data on a drive made by Guestwire", async () => {
		await runCli(["config-drive", "web-1", ...examples, "-o", file("web-1.iso")]);
		await patch(file("web-1.iso"), "metal-1", ...examples, "-o", file("web-1.iso"), "--force");
		await runCli(["config-drive", "metal-1", ...examples, "-o", file("metal-1.iso")]);
		const [patched, metal] = [filesOf("web-1.iso"), filesOf("metal-1.iso")];
		for (const form of ["network_data.json", "metadata/network_data", "metadata/network_data.json"]) {
			expect(patched.get(`openstack/latest/${form}`)).toBe(metal.get(`openstack/latest/${form}`));
		}
		expect(patched.get("openstack/latest/meta_data.json")).toContain("web-1");
	});

	it("replaces any files, by name and by path", async () => {
		writeFileSync(file("vendor.json"), '{"a": 1}');
		writeFileSync(file("vendor2.json"), '{"b": 2}');
		const byName = ["--replace", `vendor_data.json=${file("vendor.json")}`];
		const byPath = ["--replace", `/openstack/latest/vendor_data2.json=${file("vendor2.json")}`];
		const { code } = await patch(file("nova.iso"), ...byName, ...byPath, "-o", file("new.iso"));
		const [before, after] = [filesOf("nova.iso"), filesOf("new.iso")];
		const isNamed = (name: string) => name.endsWith("/vendor_data.json");
		expect([code, [...before.keys()].filter(isNamed).length > 3]).toEqual([0, true]);
		for (const [name, text] of before) {
			const expected = isNamed(name) ? '{"a": 1}' : text;
			expect(after.get(name), name).toBe(name === "openstack/latest/vendor_data2.json" ? '{"b": 2}' : expected);
		}
	});

	it("keeps the encoding of the drive, and changes it on request", async () => {
		await runCli(["config-drive", "web-1", ...examples, "--encoding", "gzip-base64", "-o", file("encoded")]);
		writeFileSync(file("data.json"), "{}");
		const replace = ["--replace", `network_data.json=${file("data.json")}`];
		await patch(file("encoded"), ...replace, "-o", file("patched"));
		expect(readFileSync(file("patched"), "latin1")).toMatch(/^H4sI[A-Za-z0-9+/]+=*$/);
		expect(filesOf("patched").get("openstack/latest/network_data.json")).toBe("{}");
		await patch(file("encoded"), ...replace, "--encoding", "raw", "-o", file("raw"));
		expect(readConfigDrive(readFileSync(file("raw"))).label).toBe("config-2");
	});

	it("reads and writes a pipe", { tags: ["slow"] }, () => {
		const args = ["config-drive", "--patch", "-", "web-1", ...examples];
		const image = execFileSync(process.execPath, [path("src/cli/main.ts"), ...args], {
			input: readFileSync(file("nova.iso")),
		});
		expect(readConfigDrive(image).entries.length).toBeGreaterThan(20);
		const broken = spawnSync(process.execPath, [path("src/cli/main.ts"), ...args], { input: "no image" });
		expect([broken.status, broken.stdout.length, broken.stderr.toString()]).toEqual([
			1,
			0,
			"guestwire: the image can't be read: it is neither ISO 9660 nor VFAT; use another image\n",
		]);
	});

	it("reads a new file from standard input", async () => {
		const args = [
			"config-drive",
			"--patch",
			file("nova.iso"),
			"--replace",
			"network_data.json=-",
			"-o",
			file("new.iso"),
		];
		expect((await runCli(args, { stdin: '{"links": []}' })).code).toBe(0);
		expect(filesOf("new.iso").get("openstack/latest/network_data.json")).toBe('{"links": []}');
	});

	it.each([
		[["nova.iso", "web-1"], 2, /missing output: give -o FILE/],
		[["nova.iso", "-o", "new.iso"], 2, /nothing to replace/],
		[["nova.iso", "web-1", "-o", "nova.iso"], 1, /already exists.*--force/],
		[["nova.iso", "web-1", "-o", "new.iso", "--format", "vfat"], 2, /--patch excludes/],
		[["nova.iso", "-o", "new.iso", "--replace", "user_data"], 2, /--replace must be PATH=FILE/],
		[
			["nova.iso", "-o", "new.iso", "--replace", "nothing.txt=nova.iso"],
			1,
			/the drive has no "nothing.txt": list its files/,
		],
		[["nova.iso", "-o", "new.iso", "--replace", "vendor_data.json=missing"], 1, /can't read .*missing \(ENOENT\)/],
		[["nova.iso", "-o", "new.iso", "--replace", "network_data.json=nova.iso"], 1, /nova.iso is not JSON/],
		[["missing", "web-1", "-o", "new.iso"], 1, /can't read .*missing \(ENOENT\)/],
		[["nova.iso", "web-2", "-o", "new.iso"], 1, /"web-2"/],
		[["-", "-o", "new.iso", "--replace", "user_data=-"], 2, /standard input can be read only once/],
	])("%j: one line says what is wrong, and nothing is written", async (args, expected, message) => {
		const names = /^(nova\.iso|new\.iso|missing)$/;
		const located = args.map((arg) => arg.replace(/[^=]+$/, (name) => (names.test(name) ? file(name) : name)));
		const { code, stderr } = await patch(...located, ...examples);
		expect(stderr).toMatch(message);
		expect([code, stderr.trimEnd().includes("\n"), readdirSync(folder)]).toEqual([expected, false, ["nova.iso"]]);
	});

	it("rejects a VFAT drive for a deploy request, and an option without --patch", async () => {
		await runCli(["config-drive", "web-1", ...examples, "--format", "vfat", "-o", file("vfat")]);
		const refused = await patch(file("vfat"), "web-1", ...examples, "--encoding", "gzip-base64", "-o", file("new"));
		expect([refused.code, refused.stderr]).toEqual([
			2,
			expect.stringContaining("fails a deployment with a VFAT drive"),
		]);
		const made = ["config-drive", "web-1", ...examples, "-o", file("new"), "--encoding", "gzip-base64"];
		expect((await runCli([...made, "--format", "vfat"])).stderr).toContain("fails a deployment with a VFAT drive");
		expect((await runCli([...made, "--replace", "user_data=x"])).stderr).toContain("--replace needs --patch");
	});
});
