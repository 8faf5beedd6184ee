import { execFileSync } from "node:child_process";
import {
	mkdirSync,
	mkdtempSync,
	readdirSync,
	readFileSync,
	rmSync,
	statSync,
	symlinkSync,
	writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable, Writable } from "node:stream";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { runCli, stateHome } from "../../test/run-cli.ts";
import { readConfigDrive } from "../config-drive/index.ts";
import { run } from "./program.ts";

const path = (name: string) => new URL(`../../${name}`, import.meta.url).pathname;
const examples = ["--inventory", path("examples/inventory")];

let folder: string;
beforeEach(() => {
	folder = mkdtempSync(join(tmpdir(), "guestwire-cli-drive-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

const file = (name: string) => join(folder, name);
const drive = (...args: string[]) => runCli(["config-drive", ...args]);

describe("one instance's drive", () => {
	it("contains what show prints, in a file that only its owner can read", async () => {
		const { code, stdout } = await drive("web-1", ...examples, "-o", file("web-1.iso"));
		expect([code, JSON.parse(stdout)]).toEqual([
			0,
			{ instance: "web-1", file: file("web-1.iso"), bytes: statSync(file("web-1.iso")).size },
		]);
		expect(statSync(file("web-1.iso")).mode & 0o777).toBe(0o600);
		const contents = readConfigDrive(readFileSync(file("web-1.iso")));
		for (const document of ["network_data.json", "vendor_data.json", "vendor_data2.json"]) {
			const shown = await runCli(["show", "web-1", `openstack/latest/${document}`, ...examples]);
			expect(Buffer.from(contents.read(`openstack/latest/${document}`) ?? "").toString()).toBe(shown.stdout);
		}
		expect(readdirSync(folder)).toEqual(["web-1.iso"]);
	});

	it("has the format, size, versions and encoding of the options", async () => {
		const vfat = ["--format", "vfat", "--size", "3", "--versions", "2018-08-27,latest"];
		await drive("web-1", ...examples, ...vfat, "-o", file("vfat"));
		expect(statSync(file("vfat")).size).toBe(3 * 2 ** 20);
		const { format, entries } = readConfigDrive(readFileSync(file("vfat")));
		const folders = entries.filter(({ kind }) => kind === "folder").map((entry) => entry.path);
		expect([format, folders]).toEqual([
			"vfat",
			["ec2", "openstack", "ec2/latest", "openstack/2018-08-27", "openstack/latest", ...folders.slice(5)],
		]);
		const { stdout } = await drive("web-1", ...examples, "--encoding", "gzip-base64", "-o", "-");
		expect(stdout).toMatch(/^H4sI[A-Za-z0-9+/]+=*$/);
		writeFileSync(file("encoded"), stdout);
		expect(JSON.parse((await drive("--read", file("encoded"))).stdout)).toMatchObject({ label: "config-2" });
	});

	it("is a NoCloud seed with --nocloud, in both formats", async () => {
		for (const format of ["iso9660", "vfat"]) {
			await drive("web-1", ...examples, "--nocloud", "--format", format, "-o", file(format));
			const seed = readConfigDrive(readFileSync(file(format)));
			expect([seed.label, [...seed.paths()].sort()]).toEqual(["cidata", ["meta-data", "network-config", "user-data"]]);
			const text = (path: string) => Buffer.from(seed.read(path) ?? "").toString();
			const rendered = await runCli(["render", "cloud-init", "--instance", "web-1", "--stdout", ...examples]);
			expect(text("network-config")).toBe(rendered.stdout);
			expect(JSON.parse(text("meta-data"))).toMatchObject({
				"instance-id": "web-1",
				"local-hostname": "web-1.novalocal",
			});
		}
	});

	it("is written raw to standard output", { tags: ["slow"] }, () => {
		const args = ["config-drive", "web-1", ...examples, "-o", "-"];
		const image = execFileSync(process.execPath, [path("src/cli/main.ts"), ...args]);
		expect(readConfigDrive(image).read("openstack/latest/network_data.json")).toBeDefined();
	});

	it("replaces a file only with --force", async () => {
		writeFileSync(file("there"), "somebody's");
		const refused = await drive("web-1", ...examples, "-o", file("there"));
		expect([refused.code, readFileSync(file("there"), "utf8")]).toEqual([1, "somebody's"]);
		expect(refused.stderr).toMatch(/^guestwire: .*there already exists.*--force.*\n$/);
		expect((await drive("web-1", ...examples, "-o", file("there"), "--force")).code).toBe(0);
		expect([readFileSync(file("there")).length > 32_768, statSync(file("there")).mode & 0o777]).toEqual([true, 0o600]);
		expect(readdirSync(folder)).toEqual(["there"]);
	});

	it("replaces only regular files", async () => {
		mkdirSync(file("folder"));
		symlinkSync("nowhere", file("link"));
		for (const name of ["folder", "link"]) {
			const { code, stderr } = await drive("web-1", ...examples, "-o", file(name), "--force");
			expect([code, stderr]).toEqual([1, expect.stringContaining("is not a regular file")]);
		}
		expect(readdirSync(folder)).toEqual(["folder", "link"]);
	});

	it("accepts names as long as the file system does, and reports longer ones", async () => {
		expect((await drive("web-1", ...examples, "-o", file("a".repeat(255)))).code).toBe(0);
		const { code, stderr } = await drive("web-1", ...examples, "-o", file("a".repeat(256)));
		expect([code, stderr]).toEqual([1, expect.stringMatching(/^guestwire: can't write \S+ \(ENAMETOOLONG\).*\n$/)]);
		expect(readdirSync(folder)).toHaveLength(1);
	});

	it("leaves nothing behind on failure", async () => {
		const { code, stderr } = await drive("web-1", ...examples, "-o", file("no/such/folder"));
		expect([code, stderr]).toEqual([1, expect.stringMatching(/^guestwire: .*ENOENT.*\n$/)]);
		const small = await drive("web-1", ...examples, "--size", "9", "-o", file("drive"));
		expect([small.code, small.stderr]).toEqual([1, expect.stringContaining("VFAT")]);
		expect(readdirSync(folder)).toEqual([]);
	});
});

describe("--all", () => {
	it("writes the drive of every instance", async () => {
		const { code, stdout } = await drive("--all", ...examples, "-d", folder);
		const names = ["app-1.iso", "metal-1.iso", "pbx-1.iso", "web-1.iso"];
		expect([code, readdirSync(folder)]).toEqual([0, names]);
		expect(
			JSON.parse(stdout)
				.map(({ file }: { file: string }) => file)
				.sort(),
		).toEqual(names.map(file));
	});

	it("creates a missing folder, and reports a file of that name", async () => {
		expect((await drive("--all", ...examples, "-d", file("new/drives"))).code).toBe(0);
		expect(readdirSync(file("new/drives"))).toHaveLength(4);
		const { code, stderr } = await drive("--all", ...examples, "-d", file("new/drives/web-1.iso"));
		expect([code, stderr]).toEqual([
			1,
			`guestwire: ${file("new/drives/web-1.iso")} is not a folder: give another name\n`,
		]);
	});

	it("reports a drive that fails, and writes the others", async () => {
		const inventory = file("inventory.yaml");
		const server = (id: string, created: string) => ({ id, name: id, created });
		const servers = [server("old", "1970-01-01T00:00:00Z"), server("../new", "2026-01-01T00:00:00Z")];
		writeFileSync(inventory, JSON.stringify({ servers }));
		mkdirSync(file("drives"));
		const { code, stderr } = await drive("--all", "--inventory", inventory, "-d", file("drives"));
		expect([code, readdirSync(file("drives"))]).toEqual([1, ["..%2Fnew.iso"]]);
		expect(stderr).toMatch(/^guestwire: old: .*1980 to 2107.*\nguestwire: 1 of 2 drives failed.*\n$/);
		expect(readdirSync(folder)).toEqual(["drives", "inventory.yaml"]);
	});

	it("reports an id that is not valid Unicode, and writes the other drives", async () => {
		const servers = ["\ud800", "new"].map((id) => ({ id, name: id, created: "2026-01-01T00:00:00Z" }));
		writeFileSync(file("inventory.yaml"), JSON.stringify({ servers }));
		const { code, stderr } = await drive("--all", "--inventory", file("inventory.yaml"), "-d", file("drives"));
		expect([code, readdirSync(file("drives"))]).toEqual([1, ["new.iso"]]);
		expect(stderr).toMatch(/the id can't be a file name.*\n.*1 of 2 drives failed/);
	});

	it("shows progress on a terminal", async () => {
		let shown = "";
		const terminal = new Writable({
			write(chunk, _encoding, done) {
				shown += chunk;
				done();
			},
		});
		const io = {
			stdin: Readable.from([]),
			stdout: new Writable({ write: (_chunk, _encoding, done) => done() }),
			stderr: Object.assign(terminal, { isTTY: true, columns: 80 }),
			env: { XDG_STATE_HOME: stateHome },
			isTTY: true,
			stopSignal: () => new AbortController().signal,
		};
		expect(await run(["config-drive", "--all", ...examples, "-d", folder], io)).toBe(0);
		expect(shown).toContain("0/4 drives");
		expect(shown).toContain("4/4 drives");
	});

	it("stops on a signal", async () => {
		const io = {
			stdin: Readable.from([]),
			stdout: new Writable({ write: (_chunk, _encoding, done) => done() }),
			stderr: new Writable({ write: (_chunk, _encoding, done) => done() }),
			env: { XDG_STATE_HOME: stateHome },
			isTTY: false,
			stopSignal: () => AbortSignal.abort(),
		};
		expect(await run(["config-drive", "--all", ...examples, "-d", folder], io)).toBe(1);
		expect(readdirSync(folder)).toEqual([]);
	});
});

describe("--read", () => {
	beforeEach(() => drive("web-1", ...examples, "-o", file("iso")));

	it("lists a drive for a person and for a program", async () => {
		const { stdout } = await runCli(["config-drive", "--read", file("iso")], { isTTY: true });
		expect(stdout).toMatch(/^iso9660, label config-2\n0555 {11}- {2}ec2\/\n/);
		const { entries } = JSON.parse((await drive("--read", file("iso"))).stdout);
		const size = readConfigDrive(readFileSync(file("iso"))).read("openstack/latest/meta_data.json")?.length;
		expect(entries).toContainEqual({ path: "openstack/latest/meta_data.json", kind: "file", size, mode: "0444" });
	});

	it("extracts into an empty folder, readable only by its owner", async () => {
		expect((await drive("--read", file("iso"), "-d", file("out"))).code).toBe(0);
		const contents = readConfigDrive(readFileSync(file("iso")));
		for (const document of contents.paths()) {
			expect(readFileSync(file(`out/${document}`))).toEqual(Buffer.from(contents.read(document) ?? ""));
		}
		expect(statSync(file("out/openstack/latest/meta_data.json")).mode & 0o777).toBe(0o600);
		expect(statSync(file("out/openstack")).mode & 0o777).toBe(0o700);
		const again = await drive("--read", file("iso"), "-d", file("out"));
		expect([again.code, again.stderr]).toEqual([1, expect.stringContaining("not empty")]);
	});

	it.each([
		["nothing", undefined, "ENOENT"],
		["text", Buffer.from("hello"), "neither ISO 9660 nor VFAT"],
		["gzip", Buffer.from([0x1f, 0x8b, 8, 0]), "broken"],
	])("says why it can't read %s", async (name, bytes, why) => {
		if (bytes !== undefined) writeFileSync(file(name), bytes);
		const { code, stderr } = await drive("--read", file(name));
		expect([code, stderr]).toEqual([1, expect.stringContaining(why)]);
		expect(stderr.trimEnd()).not.toContain("\n");
	});
});

it.each([
	[[]],
	[["web-1"]],
	[["--all"]],
	[["--all", "web-1", "-d", "x"]],
	[["--all", "-d", "x", "-o", "y"]],
	[["--read", "x", "web-1"]],
	[["web-1", "-o", "x", "--size", "1.5"]],
	[["web-1", "-o", "x", "--size", "0"]],
	[["--read", "x", "--versions", "latest"]],
	[["web-1", "-o", "x", "--format", "ext4"]],
	[["web-1", "-o", "x", "-d", "y"]],
	[["web-1", "-o", "x", "--versions", "2018-8-27"]],
])("wrong usage: %j", async (args) => {
	const { code, stderr } = await drive(...args, ...examples);
	expect([code, stderr]).toEqual([2, expect.stringMatching(/^guestwire: .+\n$/)]);
});

it("does not write an image to a terminal", async () => {
	const { code, stderr } = await runCli(["config-drive", "web-1", ...examples, "-o", "-"], { isTTY: true });
	expect([code, stderr]).toEqual([2, expect.stringContaining("terminal")]);
});
