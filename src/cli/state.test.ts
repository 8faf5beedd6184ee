/** @module-tag slow */
import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { runCli } from "../../test/run-cli.ts";

const path = (name: string) => new URL(`../../${name}`, import.meta.url).pathname;
const examples = ["--inventory", path("examples/inventory")];

// Processes start slowly on a busy machine.
vi.setConfig({ testTimeout: 240_000 });

let folder: string;
beforeEach(() => {
	folder = mkdtempSync(join(tmpdir(), "guestwire-cli-state-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

const seed = async (env: Record<string, string>) => {
	const { code, stdout, stderr } = await runCli(["show", "web-1", "openstack/latest/meta_data.json", ...examples], {
		env,
	});
	expect(code, stderr).toBe(0);
	return { seed: JSON.parse(stdout).random_seed, stderr };
};

describe("without a configuration", () => {
	test.each(["iso9660", "vfat"])("two drives of one instance from two processes are the same bytes: %s", (format) => {
		const drive = () => {
			const args = ["config-drive", "web-1", ...examples, "--format", format, "-o", "-"];
			const env = { PATH: process.env["PATH"], HOME: folder };
			return execFileSync(process.execPath, [path("src/cli/main.ts"), ...args], { env, maxBuffer: 2 ** 26 });
		};
		const first = drive();
		expect(first.length).toBeGreaterThan(32_768);
		expect(first.equals(drive())).toBe(true);
		expect(statSync(join(folder, ".local/state/guestwire/guestwire.db")).mode & 0o777).toBe(0o600);
	});

	test("the state is in $STATE_DIRECTORY, else in $XDG_STATE_HOME, else in the home folder", async () => {
		const env = { STATE_DIRECTORY: join(folder, "a"), XDG_STATE_HOME: join(folder, "b"), HOME: join(folder, "c") };
		const { STATE_DIRECTORY: _, ...withXdg } = env;
		const seeds = await Promise.all([seed(env), seed(withXdg), seed({ ...withXdg, XDG_STATE_HOME: "relative" })]);
		expect(new Set(seeds.map(({ seed }) => seed)).size).toBe(3);
		for (const file of ["a/guestwire.db", "b/guestwire/guestwire.db", "c/.local/state/guestwire/guestwire.db"]) {
			expect(statSync(join(folder, file)).isFile(), file).toBe(true);
		}
		const several = { STATE_DIRECTORY: `${join(folder, "a")}:${join(folder, "other")}` };
		expect((await seed(several)).seed).toBe(seeds[0]?.seed);
	});

	test("a folder that can't be written is one warning, and the state lasts for the process", async () => {
		writeFileSync(join(folder, "file"), "");
		const first = await seed({ XDG_STATE_HOME: join(folder, "file") });
		expect(first.stderr).toMatch(
			/^guestwire: .*file\/guestwire can't be written \(ENOTDIR\); .*last only for this.*\n$/,
		);
		expect((await seed({ XDG_STATE_HOME: join(folder, "file") })).seed).not.toBe(first.seed);
	});

	test("a state that exists but can't be used is an error: another key would change what guests get", async () => {
		const file = join(folder, "guestwire", "guestwire.db");
		mkdirSync(join(folder, "guestwire"));
		writeFileSync(file, "not a database, but long enough to be taken for one by its size alone".repeat(9));
		chmodSync(file, 0o600);
		const args = ["show", "web-1", ...examples];
		const { code, stderr } = await runCli(args, { env: { XDG_STATE_HOME: folder } });
		expect([code, stderr]).toEqual([
			1,
			expect.stringMatching(/^guestwire: state .*guestwire\.db: .*not a database.*\n$/),
		]);
		expect(readFileSync(file, "utf8")).toMatch(/^not a database/);
	});
});

test("a configured state is used by every command, relative to the configuration", async () => {
	const config = join(folder, "guestwire.yaml");
	writeFileSync(config, JSON.stringify({ state: { sqlite: "own.db" } }));
	const args = ["show", "web-1", "openstack/latest/meta_data.json", ...examples, "--config", config];
	const [one, two] = [await runCli(args), await runCli(args)];
	expect(one.stdout).toBe(two.stdout);
	expect(statSync(join(folder, "own.db")).mode & 0o777).toBe(0o600);
});
