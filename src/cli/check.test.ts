import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { document, ipv4, nic, tagged } from "../../test/check/documents.ts";
import { runCli } from "../../test/run-cli.ts";
import { check } from "../check/index.ts";

const folder = mkdtempSync(join(tmpdir(), "guestwire-check-"));
afterAll(() => rmSync(folder, { recursive: true }));

const examples = ["--config", new URL("../../examples/guestwire.yaml", import.meta.url).pathname];
const run = (args: readonly string[], stdin: unknown = document(), isTTY = false) =>
	runCli(["check", ...args], { stdin: typeof stdin === "string" ? stdin : JSON.stringify(stdin), isTTY });

const dvs = document({ links: [nic({ type: "dvs" })] });

describe("check", () => {
	it("exits with 0 if no client loses networking, otherwise with 1, and names the clients", async () => {
		expect(await run(["-"])).toMatchObject({ code: 0, stderr: "" });
		const { code, stderr } = await run(["-"], dvs);
		expect(code).toBe(1);
		expect(stderr).toMatch(/^guestwire: networking is lost on Talos: .*\n$/);
	});

	it("prints the findings for a program, also on a terminal with --json", async () => {
		const expected = { losesNetworking: ["talos"], findings: check(dvs) };
		expect(JSON.parse((await run(["-"], dvs)).stdout)).toEqual(expected);
		expect(JSON.parse((await run(["-", "--json"], dvs, true)).stdout)).toEqual(expected);
	});

	it("prints a table by client for a person, and what to change", async () => {
		const { stdout } = await run(["-"], dvs, true);
		expect(stdout).toMatch(/^cloud-init: nothing found$/m);
		expect(stdout).toMatch(
			/^Talos: loses networking\n {2}error {2}lost {2}\/links\/0\/type {2}the link's type is "dvs": /m,
		);
		expect(stdout).toMatch(/^To change\n {2}\/links\/0\/type {2}.* \(link-type-unknown\)\n$/m);
	});

	it("tells a person as well that a list was not read to its end", async () => {
		const long = document({ links: Array.from({ length: 300 }, (_, i) => nic({ id: `tap${i}` })) });
		expect((await run(["-", "--client", "talos"], long, true)).stdout).toMatch(
			/^The check\n {2}info {2}\/links {2}300 entries/m,
		);
	});

	it("narrows to the requested clients", async () => {
		expect((await run(["-", "--client", "cloud-init,glean"], dvs)).code).toBe(0);
		expect((await run(["-", "--client", "cloud-init, Talos"], dvs)).code).toBe(1);
		const { stdout } = await run(["-", "--client", "nuageinit"], tagged(), true);
		expect(stdout.split("\n")[0]).toBe("nuageinit (FreeBSD): loses networking");
		expect(stdout).not.toContain("cloudbase-init");
	});

	it("sees how numbers are written", async () => {
		const text = JSON.stringify(document()).replace('"mtu":1500', '"mtu":1500.0');
		const { code, stdout } = await run(["-", "--client", "cloud-init:netplan"], text);
		expect(code).toBe(1);
		expect(JSON.parse(stdout).findings).toMatchObject([{ rule: "number-fraction", pointer: "/links/0/mtu" }]);
	});

	it("lets nothing in the document control the terminal", async () => {
		const bad = document({ links: [nic({ id: "\u001b]0;x\u0007\u009b2J", type: "a\u001b[31m\u202e" })] });
		const { stdout, stderr } = await run(["-"], bad, true);
		expect(stdout + stderr).not.toMatch(/[^\n\P{Cc}]|\p{Cf}/u);
	});

	it("reads a file", async () => {
		const file = join(folder, "network_data.json");
		writeFileSync(file, JSON.stringify(document({ networks: [ipv4({ routes: null })] })));
		expect(JSON.parse((await run([file])).stdout).losesNetworking).toContain("cloud-init");
	});

	it("checks the document of an instance", async () => {
		const { code, stdout } = await run(["--instance", "pbx-1", "--client", "cloud-init,talos", ...examples]);
		expect(code).toBe(0);
		const shown = await runCli(["show", "pbx-1", ...examples]);
		expect(JSON.parse(stdout).findings).toEqual(check(JSON.parse(shown.stdout), { clients: ["cloud-init", "talos"] }));
	});

	it.each([
		[["/nowhere/network_data.json"], 1, /^guestwire: can't read \/nowhere\/network_data.json \(ENOENT\): .*\n$/],
		[[tmpdir()], 1, /can't read .* \(EISDIR\)/],
		[["-", "--client", "talos,"], 2, /empty client name; known clients: cloud-init, /],
		[["-", "--client", "tallos"], 2, /unknown client "tallos"; did you mean "talos"\?/],
		[[], 2, /no document selected/],
		[["-", "--instance", "pbx-1", ...examples], 2, /two documents/],
		[["--instance", "pbx-9", ...examples], 1, /there is no instance "pbx-9"/],
	])("refuses %j in one line", async (args, code, message) => {
		const result = await run(args);
		expect(result).toMatchObject({ code, stdout: "" });
		expect(result.stderr).toMatch(message);
		expect(result.stderr.trim().split("\n")).toHaveLength(1);
	});

	it.each([
		[
			"cloud-init@21.1",
			"guestwire: cloud-init 21.1 is older: the check knows it from 22.4.2 to 26.2, and assumes the rest\n",
		],
		[
			"cloud-init@99",
			"guestwire: cloud-init 99 is newer: the check knows it from 22.4.2 to 26.2, and assumes the rest\n",
		],
		["cloud-init@22.4", ""],
		["cloud-init@v25.1", ""],
		["cloud-init@22.4.2-1+deb12u1:netplan", ""],
		["cloud-init@24.1.3-0ubuntu1~22.04.1", ""],
		["cloud-init@26.2.1,talos", ""],
	])("says when a version is outside of those in use: %s", async (client, note) => {
		const [first = ""] = (await run(["-", "--client", client], "{}")).stderr.split(/(?<=\n)/);
		expect(first.includes("networking is lost") ? "" : first).toBe(note);
	});

	it("reads YAML, and says which clients do not", async () => {
		const yaml = "links:\n- {id: tap0, type: phy, ethernet_mac_address: '52:54:00:00:00:01'}\nnetworks: []\n";
		const { code, stdout } = await run(["-", "--client", "cloud-init"], yaml);
		expect(code).toBe(1);
		expect(JSON.parse(stdout).findings.map(({ rule }: { rule: string }) => rule)).toEqual([
			"document-yaml",
			"link-without-network",
			"networks-missing",
		]);
		expect(await run(["-", "--client", "afterburn"], yaml)).toMatchObject({ code: 0, stderr: "" });
	});

	it("says why a text that is nearly JSON is not", async () => {
		const { stdout } = await run(["-", "--client", "talos"], JSON.stringify(document()).replace(/\}$/, ",}"));
		expect(JSON.parse(stdout).findings).toMatchObject([
			{ rule: "document-yaml", message: expect.stringMatching(/JSON/) },
		]);
	});

	it.each(["plain text", "- a\n- b\n", "a: &a [*a]\n"])("takes no other YAML: %j", async (text) => {
		expect((await run(["-"], text)).stderr).toMatch(/^guestwire: standard input is not JSON: .*\n$/);
	});

	it.each([
		["a: 1\n---\nb: 2\n", "standard input contains 2 YAML documents: keep the one with the network data"],
		["links:\n  - id: a\n   type: phy\n", "standard input:3: invalid YAML: "],
		["links: []\nlinks: []\n", "standard input:2: invalid YAML: "],
	])("says where YAML is wrong: %j", async (text, message) => {
		const { code, stderr } = await run(["-"], text);
		expect(code).toBe(1);
		expect(stderr).toMatch(/^.*\n$/);
		expect(stderr).toContain(`guestwire: ${message}`);
	});

	it("names cloud-init's own network configuration, and says where it belongs", async () => {
		const netplan = { network: { version: 2, ethernets: { eth0: { dhcp4: true } } } };
		for (const text of [netplan, netplan.network, { version: 1, config: [] }]) {
			const { stdout } = await run(["-", "--client", "cloud-init"], text);
			expect(JSON.parse(stdout).findings[0].message).toMatch(/netplan.*cidata/);
		}
	});

	it("rejects a document with a byte order mark", async () => {
		expect((await run(["-"], "\ufeff{}")).stderr).toBe(
			"guestwire: standard input starts with a byte order mark, which guests reject: remove it\n",
		);
	});

	it("rejects invalid JSON and a document that is too large, in one line", async () => {
		expect((await run(["-"], '{"links": [')).stderr).toMatch(/^guestwire: standard input is not JSON: .*\n$/);
		expect((await run(["-"], "\u001b[2J\u202e")).stderr).not.toMatch(/[^\n\P{Cc}]|\p{Cf}/u);
		expect((await run(["-"], "[".repeat((4 << 20) + 1))).stderr).toMatch(
			/^guestwire: standard input is larger than 4 MiB/,
		);
	});
});
