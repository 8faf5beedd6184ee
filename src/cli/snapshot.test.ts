/** @module-tag slow */
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type FakeOpenStack, startFakeOpenStack } from "../../test/fake-openstack.ts";
import { recordedCases } from "../../test/recorded.ts";
import { runCli, startCli } from "../../test/run-cli.ts";
import { buildTree } from "../documents/guest-tree.ts";
import { defaultSettings } from "../documents/settings.ts";
import { markedKey } from "../key-order.ts";
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
const settings = defaultSettings(new Uint8Array(32));
const META_DATA = "openstack/latest/meta_data.json";
/** The order of members comes through to documents. */
const textOf = (value: unknown) => JSON.stringify(value, (_, member) => (member instanceof Map ? [...member] : member));
const contents = () =>
	Object.fromEntries(readdirSync(folder).map((name) => [name, readFileSync(join(folder, name), "utf8")]));

test("a snapshot provides the same instances as the cloud", async () => {
	expect((await snapshot("--include-user-data")).code).toBe(0);
	const live = await openOpenStackSource({ env: fake.env, profile: "nova" });
	const files = await openFilesSource(folder);
	for (const { facts } of recordedCases()) {
		const [expected, found] = await Promise.all([live.instance(facts.id, "all"), files.instance(facts.id, "all")]);
		expect(textOf(found)).toBe(textOf(expected));
	}
	await live.close();
});

/** Marked keys stand for what the cloud has: the fake sends them without marks, in this order. */
test("numeric keys keep their order: metadata as Nova has it, and NICs on networks named after VLANs", async () => {
	const { id, addresses = {} } = recordedCases().find(({ name }) => name === "e4-same-net-twice")?.facts.server ?? {};
	const [first, second] = Object.values(addresses).flat();
	const server = fake.records.servers.find((each) => each["id"] === id);
	const metadata = { role: "web", [markedKey("10")]: "ten", [markedKey("9")]: "nine", a: "" };
	Object.assign(server ?? {}, { metadata, addresses: { lan: [second], [markedKey("100")]: [first] } });
	await snapshot();
	const text = '"metadata":{"role":"web","10":"ten","9":"nine","a":""},"addresses":{"lan":[';
	expect(contents()["servers.json"]).toContain(text);
	writeFileSync(
		join(folder, "servers.yaml"),
		`servers: [{ id: by-hand, metadata: { role: web, 10: ten, "9": nine, a: "" } }]`,
	);
	const live = await openOpenStackSource({ env: fake.env, profile: "nova" });
	const files = await openFilesSource(folder);
	for (const source of [live, files]) {
		const instance = await source.instance(id ?? "", "all");
		const macs = [second, first].map((address) => address?.["OS-EXT-IPS-MAC:mac_addr"]);
		expect(instance?.ports.map(({ macAddress }) => macAddress)).toEqual(macs);
		const document = Buffer.from((instance && buildTree(instance, settings).read(META_DATA)) ?? []).toString();
		expect(document).toContain('"meta": {"role": "web", "10": "ten", "9": "nine", "a": ""}');
	}
	const byHand = await files.instance("by-hand", "all");
	expect([...(byHand?.server?.metadata.keys() ?? [])]).toEqual(["role", "10", "9", "a"]);
	await live.close();
});

test("the result names the files, which only their owner can read", async () => {
	const { stdout } = await snapshot();
	const result = JSON.parse(stdout);
	expect(result.instances).toBe(recordedCases().length);
	expect(result.files).toHaveLength(readdirSync(folder).length);
	for (const file of result.files) expect(statSync(file).mode & 0o777).toBe(0o600);
});

test("user data is included only on request", async () => {
	const userData = recordedCases().find(({ name }) => name === "h1-full")?.facts.server?.["OS-EXT-SRV-ATTR:user_data"];
	expect(userData).toBeTruthy();
	await snapshot();
	expect(contents()["servers.json"]).not.toContain(userData);
	await snapshot("--include-user-data", "--force");
	expect(contents()["servers.json"]).toContain(userData);
});

test("the same cloud gives the same files, whatever the order of its answers and the status of its ports", async () => {
	await snapshot();
	const before = contents();
	for (const records of Object.values(fake.records)) if (Array.isArray(records)) records.reverse();
	for (const port of fake.records.ports) port["status"] = "DOWN";
	await snapshot("--force");
	expect(contents()).toEqual(before);
});

test("an instance that can't be read is reported, and the others are there", async () => {
	const { id } = recordedCases()[0]?.facts ?? (undefined as never);
	for (const port of fake.records.ports) if (port["device_id"] === id) port["mac_address"] = null;
	const { code, stderr, stdout } = await snapshot();
	expect(code).toBe(1);
	expect(stderr).toMatch(
		new RegExp(`^guestwire: ${id}: .*mac_address must be text.*\nguestwire: 1 of 25 instances are missing`),
	);
	expect(JSON.parse(stdout).instances).toBe(24);
});

describe("--from-mirror", () => {
	const own = () => {
		const file = join(folder, "..", `${basename(folder)}.yaml`);
		writeFileSync(
			file,
			JSON.stringify({
				cloud: { openstack: {} },
				metadata: [{ listen: "127.0.0.1:0", identity: "network", allow: ["127.0.0.1"] }],
				operator: { listen: "127.0.0.1:0" },
				networkData: { profile: "nova" },
				state: { sqlite: `${folder}.db` },
			}),
		);
		return file;
	};
	afterEach(() => {
		for (const suffix of [".yaml", ".db", ".db-mirror.lock"]) rmSync(`${folder}${suffix}`, { force: true });
	});

	test("gives the same files as the cloud, even while the cloud is down", async () => {
		await snapshot("--include-user-data");
		const before = contents();
		const config = own();
		const service = startCli(["serve", "--config", config], { env: fake.env });
		const [, operator] = await service.says(/for operators: curl (http:\/\/[^/]+)/);
		const metrics = async () => (await fetch(`${operator}/metrics`)).text();
		await expect.poll(metrics, { timeout: 30_000 }).toMatch(/^guestwire_mirror_fill_ratio 1$/m);
		await expect.poll(metrics, { timeout: 30_000 }).toMatch(/^guestwire_mirror_leader_info\{.*\} \d/m);
		await service.stop();
		await fake.close();
		const saved = await snapshot("--include-user-data", "--force", "--from-mirror", "--config", config);
		expect(saved).toMatchObject({ code: 0, stderr: expect.not.stringContaining("missing") });
		expect(contents()).toEqual(before);
	});

	test("says what to do without a mirror, and does not create one", async () => {
		const { code, stderr } = await snapshot("--from-mirror", "--config", own());
		expect(code).toBe(1);
		expect(stderr).toMatch(/^guestwire: state .*: there is no mirror of this cloud: run guestwire serve/);
		expect(readdirSync(folder)).toEqual([]);
	});

	test("is wrong usage for an inventory", async () => {
		const inventory = new URL("../../examples/inventory", import.meta.url).pathname;
		const { code, stderr } = await runCli(["snapshot", "-d", folder, "--inventory", inventory, "--from-mirror"]);
		expect([code, stderr]).toEqual([2, expect.stringContaining("--from-mirror is for a cloud")]);
	});
});

describe("a folder with other files is not touched", () => {
	test.each([
		["notes.txt", /contains notes.txt, which is not part of a snapshot/],
		["servers.json", /already contains a snapshot: replace it with --force/],
	])("%s", async (name, message) => {
		writeFileSync(join(folder, name), "mine");
		const { code, stderr } = await snapshot();
		expect(code).toBe(1);
		expect(stderr).toMatch(message);
		expect(contents()).toEqual({ [name]: "mine" });
	});

	test("a file instead of the folder", async () => {
		const file = join(folder, "file");
		writeFileSync(file, "mine");
		expect((await runCli(["snapshot", "-d", file], { env: fake.env })).stderr).toMatch(/can't use .* as a folder/);
	});
});
