import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type FakeOpenStack, startFakeOpenStack } from "../../test/fake-openstack.ts";
import { recordedCases } from "../../test/recorded.ts";
import { runCli } from "../../test/run-cli.ts";
import { openFilesSource } from "../source/files/files-source.ts";
import { openOpenStackSource } from "../source/openstack/index.ts";

let fake: FakeOpenStack;
let folder: string;
beforeEach(async () => {
	fake = await startFakeOpenStack();
	folder = mkdtempSync(join(tmpdir(), "guestwire-snapshot-"));
});
afterEach(async () => {
	rmSync(folder, { recursive: true });
	await fake.close();
});

const snapshot = (...args: readonly string[]) => runCli(["snapshot", "-d", folder, ...args], { env: fake.env });
const contents = () =>
	Object.fromEntries(readdirSync(folder).map((name) => [name, readFileSync(join(folder, name), "utf8")]));

test("gives the very instances that the cloud gives", async () => {
	expect((await snapshot("--include-user-data")).code).toBe(0);
	const live = await openOpenStackSource({ env: fake.env, profile: "nova" });
	const files = await openFilesSource(folder);
	for (const { facts } of recordedCases()) {
		const [expected, found] = await Promise.all([live.instance(facts.id, "all"), files.instance(facts.id, "all")]);
		// As text: the order of members comes through to documents.
		expect(JSON.stringify(found)).toBe(JSON.stringify(expected));
	}
	await live.close();
});

test("says what it wrote, in files for their owner's eyes", async () => {
	const { stdout } = await snapshot();
	const result = JSON.parse(stdout);
	expect(result.instances).toBe(recordedCases().length);
	expect(result.files).toHaveLength(readdirSync(folder).length);
	for (const file of result.files) expect(statSync(file).mode & 0o777).toBe(0o600);
});

test("user data only when asked for", async () => {
	const userData = recordedCases().find(({ name }) => name === "h1-full")?.facts.server?.["OS-EXT-SRV-ATTR:user_data"];
	expect(userData).toBeTruthy();
	await snapshot();
	expect(contents()["servers.json"]).not.toContain(userData);
	await snapshot("--include-user-data", "--force");
	expect(contents()["servers.json"]).toContain(userData);
});

test("the same cloud gives the same files, whatever order it answers in and whatever state its ports are in", async () => {
	await snapshot();
	const before = contents();
	for (const records of Object.values(fake.records)) if (Array.isArray(records)) records.reverse();
	for (const port of fake.records.ports) port["status"] = "DOWN";
	await snapshot("--force");
	expect(contents()).toEqual(before);
});

test("what can't be read is told, and the rest is there", async () => {
	const { id } = recordedCases()[0]?.facts ?? (undefined as never);
	for (const port of fake.records.ports) if (port["device_id"] === id) port["mac_address"] = null;
	const { code, stderr, stdout } = await snapshot();
	expect(code).toBe(1);
	expect(stderr).toMatch(
		new RegExp(`^guestwire: ${id}: .*mac_address must be text.*\nguestwire: 1 of 25 instances are not in it`),
	);
	expect(JSON.parse(stdout).instances).toBe(24);
});

describe("a folder that is in use is left alone", () => {
	test.each([
		["notes.txt", /holds notes.txt, which is no snapshot's/],
		["servers.json", /holds a snapshot already: --force replaces it/],
	])("%s", async (name, message) => {
		writeFileSync(join(folder, name), "mine");
		const { code, stderr } = await snapshot();
		expect(code).toBe(1);
		expect(stderr).toMatch(message);
		expect(contents()).toEqual({ [name]: "mine" });
	});

	test("a file in its place", async () => {
		const file = join(folder, "file");
		writeFileSync(file, "mine");
		expect((await runCli(["snapshot", "-d", file], { env: fake.env })).stderr).toMatch(/can't be used as a folder/);
	});
});
