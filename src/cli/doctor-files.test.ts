import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { CheckResult } from "../source/source-kind.ts";
import { readConfig } from "./config.ts";
import { type CheckFilesOptions, checkFiles } from "./doctor-files.ts";
import type { Io } from "./frame.ts";

let folder: string;
beforeEach(() => {
	folder = mkdtempSync(join(tmpdir(), "guestwire-files-"));
	chmodSync(folder, 0o755);
});
afterEach(() => rmSync(folder, { recursive: true }));

/** Every key that names a file. */
const CONFIG = `
cloud: { files: { path: . } }
metadata:
  - { listen: "127.0.0.1:0", identity: signed, sharedSecretFile: shared }
  - { listen: "127.0.0.1:0", identity: fixed, instance: vm }
operator: { tokenFile: token, readTokenFile: read-token }
vendorData: { staticFile: static, caFile: ca }
mirror: { changes: { busFile: bus } }
`;
const FILES = ["shared", "token", "read-token", "static", "ca", "bus"];

const write = (name: string, text = "secret", mode = 0o644) => {
	writeFileSync(join(folder, name), text);
	chmodSync(join(folder, name), mode);
};

async function check(
	text: string,
	options: Omit<CheckFilesOptions, "configFile"> = { user: "no-such-user" },
	env: Io["env"] = {},
): Promise<readonly CheckResult[]> {
	write("guestwire.yaml", text);
	const configFile = join(folder, "guestwire.yaml");
	const { config, where } = await readConfig(configFile);
	const { cloud = {} } = config;
	return checkFiles({ config: { ...config, cloud }, where }, { env } as Io, { configFile, ...options });
}

describe("every file that the configuration names", () => {
	test("is read", async () => {
		for (const name of FILES) write(name);
		const results = await check(CONFIG);
		expect(results.map(({ part, ok }) => [part, ok])).toEqual([
			["metadata[0].sharedSecretFile", true],
			["operator.tokenFile", true],
			["operator.readTokenFile", true],
			["vendorData.staticFile", true],
			["vendorData.caFile", true],
			["mirror.changes.busFile", true],
		]);
		expect(JSON.stringify(results)).not.toContain('secret"');
	});

	test.each(FILES)("is missing or empty: %s", async (name) => {
		const broken = async () => (await check(CONFIG)).filter(({ ok }) => !ok).map(({ found }) => found);
		for (const other of FILES) if (other !== name) write(other);
		const key = /guestwire.yaml:\d+: [\w.[\]]+File /.source;
		expect(await broken()).toEqual([
			expect.stringMatching(`${key}.*/${name} can't be read \\(ENOENT\\): create it, or correct the path`),
		]);
		write(name, " \n");
		expect(await broken()).toEqual([expect.stringMatching(`${key}.*/${name} is empty: write`)]);
	});
});

test("of what systemd passes to the service, the source is read while the service does not run", async () => {
	const passed = "/run/credentials/guestwire-test.service/secret_proxy";
	const config = `{ metadata: [{ listen: "127.0.0.1:0", identity: signed, sharedSecretFile: ${passed} }] }`;
	const credentials = join(folder, "credentials");
	mkdirSync(credentials);
	const found = async () => (await check(config, { user: "no-such-user", credentials }))[0];
	const message = `${passed}, which systemd takes from ${credentials}/proxy, can't be read \\(ENOENT\\): create it`;
	expect(await found()).toMatchObject({ ok: false, found: expect.stringMatching(message) });
	write("credentials/proxy");
	expect(await found()).toMatchObject({ ok: true, found: expect.stringContaining(`${credentials}/proxy`) });
});

test("a listener that needs a secret and has no file: the variable may be another process's", async () => {
	const config = '{ metadata: [{ listen: "127.0.0.1:0", identity: signed }] }';
	expect(await check(config)).toEqual([
		{ part: "metadata[0]", ok: true, warning: true, found: expect.stringContaining("GUESTWIRE_SHARED_SECRET") },
	]);
	expect(await check(config, { user: "no-such-user" }, { GUESTWIRE_SHARED_SECRET: "s" })).toEqual([]);
});

/** On every system. */
const user = "nobody";

describe.skipIf(process.geteuid?.() !== 0)("as root", () => {
	const config = "{ cloud: { openstack: {} }, operator: { tokenFile: token } }";
	const ofUser = async () => {
		const env = { GUESTWIRE_SHARED_SECRET: "s", OS_CLIENT_CONFIG_FILE: join(folder, "clouds.yaml"), HOME: folder };
		return (await check(config, { user }, env)).find(({ part }) => part === `user ${user}`);
	};

	test("files that the service's user can't read are a warning", async () => {
		write("token", "secret", 0o600);
		write("clouds.yaml", "clouds: {}", 0o600);
		const what = `can't read ${folder}/token, ${folder}/clouds.yaml: .*chown root:${user} and chmod 0640`;
		expect(await ofUser()).toMatchObject({ ok: true, warning: true, found: expect.stringMatching(what) });
		for (const name of ["token", "clouds.yaml"]) chmodSync(join(folder, name), 0o644);
		expect(await ofUser()).toEqual({ part: `user ${user}`, ok: true, found: expect.stringContaining("/token") });
		chmodSync(folder, 0o700);
		expect(await ofUser()).toMatchObject({ warning: true, found: expect.stringContaining("/guestwire.yaml, ") });
	});

	test("nothing is said about a user that does not exist", async () => {
		write("token");
		const results = await check(config, { user: "no-such-user" }, { GUESTWIRE_SHARED_SECRET: "s" });
		expect(results.map(({ part }) => part)).toEqual(["operator.tokenFile"]);
	});
});
