import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { runCli } from "../../test/run-cli.ts";
import { FORMATS } from "../render/index.ts";

const examples = ["--config", new URL("../../examples/guestwire.yaml", import.meta.url).pathname];
const document = {
	links: [
		{ id: "nic", type: "phy", ethernet_mac_address: "FA:16:3E:00:00:01" },
		{ id: "vlan", type: "vlan", vlan_id: "7", vlan_link: "nic", vlan_mac_address: "fa:16:3e:00:00:02" },
	],
	networks: [{ id: "n", type: "ipv4", link: "nic", ip_address: "10.0.0.5/24", routes: [] }],
	services: [],
};
const render = (args: readonly string[], stdin: unknown = document, isTTY = false) =>
	runCli(["render", ...args], { stdin: typeof stdin === "string" ? stdin : JSON.stringify(stdin), isTTY });

let folder: string;
beforeEach(() => {
	folder = mkdtempSync(join(tmpdir(), "guestwire-render-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

describe("render", () => {
	it.each(FORMATS)(
		"writes every example as %s, with remarks only on unknown names and on what the format cannot say",
		async (format) => {
			for (const name of ["web-1", "app-1", "pbx-1", "metal-1"]) {
				const { code, stdout, stderr } = await render([format, "--instance", name, ...examples]);
				expect(code).toBe(0);
				expect(JSON.parse(stdout).files.length).toBeGreaterThan(0);
				const expected = /^.*(name|without netplan|may drop options|kernel arguments (have no|can't rank)).*\n/gm;
				expect(stderr.replace(expected, "")).toBe("");
			}
		},
	);

	it("prints the file for a person, and JSON with modes for a program", async () => {
		const { stdout } = await render(["netplan", "-"], document, true);
		expect(stdout).toMatch(/^network:\n {2}version: 2\n/);
		const [file] = JSON.parse((await render(["netplan", "-"])).stdout).files;
		expect(file).toEqual({ path: "etc/netplan/50-guestwire.yaml", mode: "0600", text: stdout });
		expect((await render(["netplan", "-", "--stdout"])).stdout).toBe(stdout);
	});

	it("puts the path above each of several files", async () => {
		const { stdout } = await render(["networkd", "-", "--stdout"]);
		expect(stdout.match(/^# .*$/gm)).toEqual([
			"# etc/systemd/network/10-guestwire-eth0.network",
			"# etc/systemd/network/10-guestwire-eth0.7.netdev",
			"# etc/systemd/network/10-guestwire-eth0.7.network",
		]);
	});

	it("has remarks on conversions and on limits of the format, with pointers into the document that was read", async () => {
		const dropped = { ...document, links: [{ id: "x", type: "phy" }, ...document.links] };
		const { stderr, stdout } = await render(["ifupdown", "-"], dropped);
		const lines = stderr.trimEnd().split("\n");
		expect(lines).toContain("guestwire: /links/0: neither a MAC address nor a name: the link is dropped");
		expect(lines).toContain(
			'guestwire: /links/1/ethernet_mac_address "FA:16:3E:00:00:01": converted to lower case with colons',
		);
		expect(lines.at(-1)).toMatch(
			/^guestwire: \/links\/2\/vlan_link: ifupdown needs the real name of the NIC below a VLAN/,
		);
		expect(JSON.parse(stdout).remarks).toHaveLength(lines.length);
	});

	it("uses the names that are given for the NICs", async () => {
		const { stdout, stderr } = await render(["ifupdown", "-", "--stdout", "--replace-names", "fa:16:3e:00:00:01=ens3"]);
		expect(stdout).toMatch(/^auto ens3$/m);
		expect(stdout).toMatch(/^auto ens3\.7$/m);
		expect(stderr).not.toContain("name");
	});

	it("writes files with their modes below a folder, and replaces existing ones", async () => {
		const path = join(folder, "root/etc/netplan/50-guestwire.yaml");
		mkdirSync(join(path, ".."), { recursive: true });
		writeFileSync(path, "old");
		chmodSync(path, 0o644);
		const { stdout } = await render(["netplan", "-", "-d", join(folder, "root")], document, true);
		expect(stdout).toBe(`${path}\n`);
		expect(readFileSync(path, "utf8")).toBe((await render(["netplan", "-", "--stdout"])).stdout);
		expect(statSync(path).mode & 0o777).toBe(0o600);
	});

	it("does not follow a link out of the folder", async () => {
		mkdirSync(join(folder, "root"));
		symlinkSync(folder, join(folder, "root/etc"));
		const { code, stderr } = await render(["netplan", "-", "-d", join(folder, "root")]);
		expect(code).toBe(1);
		expect(stderr).toMatch(/\/root\/etc is not a folder: choose another target folder\n$/);
	});

	it.each([
		[["netplan", "-", "-d", "x", "--stdout"], /exclude each other/],
		[["netplan"], /no document selected/],
		[["netplan", "-", "--instance", "web-1"], /select two documents/],
		[["netplna", "-"], /Allowed choices are .*netplan/],
		[["netplan", "-", "--replace-names", "eth0"], /"eth0" is not MAC=NAME/],
		[["netplan", "-", "--replace-names", "fa:16:3e:00:00:01=a b"], /"a b" is not a valid interface name/],
	])("rejects %j", async (args, message) => {
		const { code, stderr } = await render(args);
		expect(code).toBe(2);
		expect(stderr).toMatch(message);
	});

	it("explains in one line why a document can't be read", async () => {
		for (const [text, message] of [
			['{"links": {}}', /^guestwire: not a network_data.json: \/links must be array or null; .*\n$/],
			["{", /^guestwire: standard input is not JSON: .*\n$/],
		] as const) {
			const { code, stderr } = await render(["netplan", "-"], text);
			expect(code).toBe(1);
			expect(stderr).toMatch(message);
		}
	});

	it.each([
		["no links", { links: [], networks: [] }, "it has no links"],
		["no usable link", { links: [{ id: "a", type: "phy" }] }, "see the remarks above"],
		[
			"no usable network",
			{ ...document, networks: [{ id: "n", type: "ipv4", link: "nic", ip_address: "10.0.0.5" }] },
			"see the remarks above",
		],
	])("fails if a document has %s", async (_, bad, why) => {
		const { code, stdout, stderr } = await render(["netplan", "-"], bad);
		expect([code, stdout]).toEqual([1, ""]);
		expect(stderr).toMatch(/no network that a guest can set up/);
		expect(stderr.trimEnd().endsWith(why)).toBe(true);
	});

	it("names the member and the value of a remark", async () => {
		const links = [{ ...document.links[0], color: "red" }];
		const { stderr, stdout } = await render(["netplan", "-"], { ...document, links });
		expect(stderr).toContain('guestwire: /links/0/color "red": unknown member: dropped\n');
		expect(JSON.parse(stdout).remarks).toContainEqual({
			pointer: "/links/0/color",
			reason: "unknown member: dropped",
			value: '"red"',
		});
	});

	it("prints no control characters of the document on a terminal", async () => {
		const bad = {
			...document,
			"\u001b]0;x\u0007": 1,
			links: [{ id: "\u001b[31m", "\u009b2J\u202e": 1, type: "\u0007" }],
		};
		const { stdout, stderr } = await render(["netplan", "-", "--json"], bad, true);
		expect(stdout + stderr).not.toMatch(/[^\n\P{Cc}]|\p{Cf}/u);
	});
});
