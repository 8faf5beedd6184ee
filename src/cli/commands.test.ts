import { spawn } from "node:child_process";
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { recordedCase } from "../../test/recorded.ts";
import { runCli, startCli } from "../../test/run-cli.ts";
import type { NetworkData } from "../documents/network-data.ts";

const path = (name: string) => new URL(`../../${name}`, import.meta.url).pathname;
const examples = ["--config", path("examples/guestwire.yaml")];

let folder: string;
beforeEach(() => {
	folder = mkdtempSync(join(tmpdir(), "guestwire-cli-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

describe("show", () => {
	const name = "f-trunk";
	const { facts, networkData, answers } = recordedCase(name);
	beforeEach(() => {
		for (const file of ["server", "ports", "subports", "networks", "subnets", "trunks"]) {
			copyFileSync(path(`test/fixtures/zed/${name}/${file}.json`), join(folder, `${file}.json`));
		}
		// As the compute API of Zed answers at its root.
		const version = { id: "v2.1", status: "CURRENT", version: "2.93", min_version: "2.1" };
		writeFileSync(join(folder, "versions.json"), JSON.stringify({ version }));
	});
	const show = (args: readonly string[], isTTY = false) => runCli(["show", ...args, "--inventory", folder], { isTTY });

	test.each([name, facts.id, facts.id.toUpperCase()])("accepts a name or an id: %s", async (nameOrId) => {
		const { code, stdout } = await show([nameOrId, "--profile", "nova"]);
		expect(code).toBe(0);
		expect(JSON.parse(stdout)).toEqual(JSON.parse(networkData));
	});

	test("prints the bytes that a guest gets, and indents JSON on a terminal", async () => {
		const served = answers["/openstack/latest/network_data.json"]?.body ?? networkData;
		expect((await show([name, "--profile", "nova"])).stdout).toBe(served);
		expect((await show([name, "--profile", "nova", "--json"], true)).stdout).toBe(served);
		expect((await show([name, "--profile", "nova"], true)).stdout).toBe(
			`${JSON.stringify(JSON.parse(served), null, 2)}\n`,
		);
		expect((await show([name, "latest/meta-data/instance-id"], true)).stdout).toMatch(/^i-00000016\n$/);
	});
});

test("control characters in an error are escaped", async () => {
	const { stderr } = await runCli(["show", "a\x1b[2J\r\x9bb", ...examples]);
	expect(stderr).toMatch(/^guestwire: there is no instance "a\\u001b\[2J\\u000d\\u009bb"[^\r]*\n$/);
});

test("tree lists the documents that show prints, with their sizes", async () => {
	const { stdout } = await runCli(["tree", "pbx-1", ...examples]);
	const files = JSON.parse(stdout) as { path: string; bytes: number }[];
	expect(files.length).toBeGreaterThan(20);
	const { bytes, path } = files.find(({ path }) => path === "openstack/latest/network_data.json") ?? {};
	expect((await runCli(["show", "pbx-1", path ?? "", ...examples])).stdout).toHaveLength(bytes ?? 0);
	const lines = (await runCli(["tree", "pbx-1", ...examples], { isTTY: true })).stdout.trimEnd().split("\n");
	expect(lines.map((line) => line.trim())).toEqual(files.map(({ path, bytes }) => `${bytes}  ${path}`));
});

test("every example has network data", async () => {
	for (const [name, types] of [
		["web-1", ["phy"]],
		["app-1", ["phy", "phy"]],
		["pbx-1", ["phy", "vlan", "vlan"]],
		["metal-1", ["phy", "phy", "bond"]],
	] as const) {
		const { links } = JSON.parse((await runCli(["show", name, ...examples])).stdout);
		expect(links.map(({ type }: { type: string }) => type)).toEqual(types);
	}
});

describe("serve", () => {
	const guest = (address: string) => `networks: [{ id: lan }]
subnets: [{ id: lan4, cidr: 192.0.2.0/24, enable_dhcp: false }]
port: { id: p, device_id: web-1, fixed_ips: [{ ip_address: ${address} }] }
`;

	test("serves what show prints, picks up changes, keeps the last good state, shuts down in order", {
		tags: ["slow"],
	}, async () => {
		const inventory = join(folder, "inventory.yaml");
		const config = join(folder, "guestwire.yaml");
		writeFileSync(inventory, guest("192.0.2.1"));
		writeFileSync(
			config,
			`cloud: { files: { path: inventory.yaml } }
metadata: [{ listen: "127.0.0.1:0", identity: fixed, instance: web-1 }]
operator: { listen: "127.0.0.1:0" }
`,
		);
		const serve = startCli(["serve", "--config", config]);
		const [, url = ""] = await serve.says(/identity fixed\): curl (\S+)/);
		const address = async () => ((await (await fetch(url)).json()) as NetworkData).networks[0]?.ip_address;

		expect(await (await fetch(url)).text()).toBe((await runCli(["show", "web-1", "--config", config])).stdout);
		expect(await address()).toBe("192.0.2.1");
		const [, page] = await serve.says(/page for operators: (\S+)/);
		const [, operator = ""] = await serve.says(/for operators: curl (\S+)/);
		expect(page).toBe(new URL("/", operator).href);
		const readiness = async () => (await fetch(new URL("/readyz", operator))).text();
		expect(await readiness()).toBe("ok\n");

		writeFileSync(inventory, "networks: [");
		await serve.says(/^guestwire: .*inventory\.yaml:1: invalid YAML: .*; the last valid state is still used$/m);
		expect(await address()).toBe("192.0.2.1");
		expect(await readiness()).toBe("ok, but the inventory is invalid, so its last valid state is served\n");

		writeFileSync(inventory, guest("192.0.2.2"));
		await serve.says(/the inventory was reloaded/);
		expect(await address()).toBe("192.0.2.2");
		expect(await readiness()).toBe("ok\n");
		expect(await (await fetch(operator)).json()).toEqual([{ id: "web-1", name: "web-1" }]);

		const { code, stdout } = await serve.stop();
		expect(code).toBe(0);
		expect(JSON.parse(stdout.split("\n")[0] ?? "")).toMatchObject({ identity: "fixed", status: 200 });
		await expect(fetch(url)).rejects.toThrow();
	});

	test("reads its secret from the environment or a file, and never prints it", async () => {
		const secret = "the proxies' secret";
		writeFileSync(join(folder, "inventory.yaml"), guest("192.0.2.1"));
		writeFileSync(join(folder, "secret"), `${secret}\n`);
		const listener = 'listen: "127.0.0.1:0", identity: signed';
		const config = (more: string) => `cloud: { files: { path: inventory.yaml } }
metadata: [{ ${listener}${more} }]
operator: { listen: "127.0.0.1:0" }
`;
		for (const [more, env] of [
			["", { GUESTWIRE_SHARED_SECRET: secret }],
			[", sharedSecretFile: secret", {}],
		] as const) {
			writeFileSync(join(folder, "guestwire.yaml"), config(more));
			const serve = startCli(["serve", "--config", join(folder, "guestwire.yaml")], { env });
			const [, url = ""] = await serve.says(/identity signed\): curl (\S+)/);
			expect((await fetch(url)).status).toBe(200);
			const { code, stdout, stderr } = await serve.stop();
			expect(code).toBe(0);
			expect(stdout + stderr).not.toContain(secret);
		}
	});
});

describe("as a process", { tags: ["slow"] }, () => {
	const start = (args: readonly string[]) => spawn(process.execPath, [path("src/cli/main.ts"), ...args]);

	test("show prints its document and exits with 0; an error prints one line and exits with 1", async () => {
		const shown = start(["show", "web-1", ...examples]);
		const [document] = await Promise.all([text(shown.stdout), ended(shown)]);
		expect(shown.exitCode).toBe(0);
		expect(document).toBe((await runCli(["show", "web-1", ...examples])).stdout);

		const failed = start(["show", "web-7", ...examples]);
		const [said] = await Promise.all([text(failed.stderr), ended(failed)]);
		expect(failed.exitCode).toBe(1);
		expect(said).toMatch(/^guestwire: there is no instance "web-7": [^\n]*\n$/);
	});

	test("a reader that closes the pipe early is not an error", async () => {
		const tree = start(["tree", "web-1", ...examples]);
		tree.stdout.destroy();
		const [said] = await Promise.all([text(tree.stderr), ended(tree)]);
		expect({ said, code: tree.exitCode }).toEqual({ said: "", code: 0 });
	});

	test("SIGTERM ends serve with 0", async () => {
		const text = readFileSync(path("examples/guestwire.yaml"), "utf8");
		const config = text.replace("path: inventory", `path: ${path("examples/inventory")}`).replaceAll(/:877[56]/g, ":0");
		writeFileSync(join(folder, "guestwire.yaml"), config);
		const serve = start(["serve", "--config", join(folder, "guestwire.yaml")]);
		for await (const chunk of serve.stderr) if (String(chunk).includes("curl")) break;
		serve.kill("SIGTERM");
		await ended(serve);
		expect(serve.exitCode).toBe(0);
	});
});

function ended(child: ReturnType<typeof spawn>): Promise<unknown> {
	return new Promise((resolve) => child.once("close", resolve));
}
