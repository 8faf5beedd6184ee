/** Mistakes of users: each gives one line with file, place and what to do, and the right exit code. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type CliOptions, runCli } from "../../test/run-cli.ts";

let folder: string;
beforeEach(() => {
	folder = mkdtempSync(join(tmpdir(), "guestwire-cli-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

const lan = `networks: [{ id: lan }]
subnets: [{ id: lan4, network_id: lan, cidr: 192.0.2.0/24 }]
`;
const port = (id: string, network = "lan") =>
	`  - { id: p${id}, device_id: web-${id}, network_id: ${network}, fixed_ips: [{ ip_address: 192.0.2.5 }] }\n`;

/** Runs a command in a folder with these files. FOLDER in an argument stands for its path, which is cut from stderr. */
async function runIn(files: Readonly<Record<string, string>>, args: readonly string[], options?: CliOptions) {
	for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
	const { code, stdout, stderr } = await runCli(
		args.map((arg) => arg.replace("FOLDER", folder)),
		options,
	);
	expect(stdout).toBe("");
	return { code, said: stderr.replaceAll(`${folder}/`, "") };
}

describe("an inventory", () => {
	test.each([
		["not YAML", { "a.yaml": "networks: [" }, /^guestwire: a\.yaml:1: invalid YAML: .*; correct the file\n$/],
		[
			"a port on an unknown network",
			{ "a.yaml": `${lan}ports:\n${port("1", "lam")}` },
			/^guestwire: a\.yaml:4: ports\[0\]\.network_id there is no network "lam" .*: add it, or did you mean "lan"\?\n$/,
		],
		[
			"two owners of one address",
			{ "a.yaml": `${lan}ports:\n${port("1")}`, "b.yaml": `ports:\n${port("2")}` },
			/^guestwire: b\.yaml:2: ports\[0\]\.fixed_ips\[0\]\.ip_address address 192\.0\.2\.5 .* port "p1" \(a\.yaml:4: .*: change one of them\n$/,
		],
		[
			"an unknown key",
			{ "a.yaml": `${lan}prots: []\n` },
			/^guestwire: a\.yaml:3: prots is not a known collection; did you mean "ports"\?\n$/,
		],
	])("%s", async (_name, files, said) => {
		for (const command of [["show", "web-1"], ["tree", "web-1"], ["serve"]]) {
			const result = await runIn(files, [...command, "--inventory", "FOLDER"]);
			expect(result).toEqual({ code: 1, said: expect.stringMatching(said) });
		}
	});

	// Not a lasting mistake: the instance may come later.
	test("an unknown instance", async () => {
		const text = config('{ listen: "127.0.0.1:0", identity: fixed, instance: web-2 }');
		const { code, said } = await runIn({ ...inventory, "c.yaml": text }, ["serve", "--config", "FOLDER/c.yaml"]);
		expect(code).toBe(1);
		expect(said).toBe(
			'guestwire: c.yaml:3: metadata[0].instance: there is no instance "web-2": the nearest names are "web-1"\n',
		);
	});

	test("a missing file", async () => {
		const { code, said } = await runIn({}, ["show", "web-1", "--inventory", "FOLDER/nowhere"]);
		expect({ code, said }).toEqual({
			code: 1,
			said: "guestwire: nowhere does not exist: correct the path\n",
		});
	});
});

const config = (listener: string) => `cloud: { files: { path: inventory.yaml } }
metadata:
  - ${listener}
operator: { listen: "127.0.0.1:0" }
`;
const inventory = { "inventory.yaml": `${lan}ports:\n${port("1")}` };

describe("a configuration", () => {
	test.each([
		["not YAML", "metadata: [", /^guestwire: c\.yaml:1: invalid YAML: /],
		[
			"an unknown key",
			"metadata:\n  - liste: a",
			/^guestwire: c\.yaml:2: metadata\[0\]\.liste is not a known key; did you mean "listen"\?\n$/,
		],
		[
			"a missing secret",
			config('{ listen: "127.0.0.1:0", identity: signed }'),
			/^guestwire: c\.yaml:3: metadata\[0\] has no shared secret: set GUESTWIRE_SHARED_SECRET, or "sharedSecretFile" to .*\n$/,
		],
		[
			"a missing secret file",
			config('{ listen: "127.0.0.1:0", identity: signed, sharedSecretFile: secret }'),
			/^guestwire: c\.yaml:3: metadata\[0\]\.sharedSecretFile secret can't be read \(ENOENT\): write the secret into it\n$/,
		],
		[
			"an invalid address",
			config("{ listen: somewhere, identity: address }"),
			/^guestwire: c\.yaml:3: metadata\[0\]\.listen: invalid listen address "somewhere": use a form like 127\.0\.0\.1:8775, .*\n$/,
		],
		[
			"a fixed identity on an address that others can reach",
			config('{ listen: "0.0.0.0:0", identity: fixed, instance: web-1 }'),
			/^guestwire: c\.yaml:3: metadata\[0\]\.listen: metadata listener 0\.0\.0\.0:0: every machine that can reach it .*: listen on 127\.0\.0\.1\n$/,
		],
		[
			"an unknown format",
			`guestFiles: [netplam]\n${config("{ listen: a, identity: signed }")}`,
			/^guestwire: c\.yaml:1: guestFiles\[0\] there is no format "netplam"; did you mean "netplan"\?\n$/,
		],
		[
			"a missing token file",
			config('{ listen: "127.0.0.1:0", identity: address }').replace(/ }\n$/, ", tokenFile: t }\n"),
			/^guestwire: c\.yaml:4: operator\.tokenFile t can't be read \(ENOENT\): write the secret into it\n$/,
		],
		[
			"a missing vendor data file",
			`vendorData: { staticFile: v.json }\n${config("{ listen: a, identity: signed }")}`,
			/^guestwire: c\.yaml:1: vendorData\.staticFile v\.json can't be read \(ENOENT\): correct the path\n$/,
		],
	])("%s", async (_name, text, said) => {
		const result = await runIn({ ...inventory, "c.yaml": text }, ["serve", "--config", "FOLDER/c.yaml"]);
		// EX_CONFIG: the unit does not start the service again.
		expect(result).toEqual({ code: 78, said: expect.stringMatching(said) });
	});

	test("a missing file", async () => {
		const { code, said } = await runIn({}, ["serve", "--config", "FOLDER/c.yaml"]);
		expect(code).toBe(78);
		expect(said).toMatch(/^guestwire: can't read c\.yaml \(ENOENT\): correct --config\n$/);
	});

	test("a busy port", async () => {
		const other = createServer().listen(0, "127.0.0.1");
		await new Promise((resolve) => other.once("listening", resolve));
		try {
			const { port } = other.address() as { port: number };
			const text = config(`{ listen: "127.0.0.1:${port}", identity: fixed, instance: web-1 }`);
			const { code, said } = await runIn({ ...inventory, "c.yaml": text }, ["serve", "--config", "FOLDER/c.yaml"]);
			expect(code).toBe(1);
			expect(said).toBe(
				`guestwire: c.yaml:3: metadata[0].listen: can't listen on 127.0.0.1:${port}: another process listens there: stop it, or choose another address\n`,
			);
		} finally {
			other.close();
		}
	});
});

describe("a command line", () => {
	test.each([
		[["shwo"], /^guestwire: unknown command 'shwo' \(Did you mean show\?\); see guestwire --help\n$/],
		[
			["show", "a", "--invetory", "b"],
			/^guestwire: unknown option '--invetory' \(Did you mean --inventory\?\); see guestwire show --help\n$/,
		],
		[
			["show", "--inventory", "FOLDER"],
			/^guestwire: missing required argument 'instance'; see guestwire show --help\n$/,
		],
		[["show", "a", "b", "c"], /^guestwire: too many arguments.*; see guestwire show --help\n$/],
		[
			["show", "a", "--profile", "nvoa"],
			/^guestwire: option .* argument 'nvoa' is invalid.*; see guestwire show --help\n$/,
		],
		[["show", "a"], /^guestwire: no source of instances: give --inventory DIR, /],
		[
			["show", "a", "--inventory", "b", "--os-cloud", "c"],
			/^guestwire: --inventory and --os-cloud name two sources: omit one\n$/,
		],
		[[], /^Usage: guestwire /],
	])("%j", async (args, said) => {
		expect(await runIn({}, args)).toEqual({ code: 2, said: expect.stringMatching(said) });
	});

	test("an unknown instance, an ambiguous one, an unknown document", async () => {
		const text = `${lan}servers: [{ id: a1, name: twin }, { id: a2, name: twin }, { id: web-1 }]\nports:\n${port("1")}`;
		const run = async (...args: string[]) => runIn({ "a.yaml": text }, ["show", ...args, "--inventory", "FOLDER"]);
		expect(await run("web-2")).toEqual({
			code: 1,
			said: expect.stringMatching(/^guestwire: there is no instance "web-2": the nearest names are "web-1", "twin"\n$/),
		});
		expect(await run("twin")).toEqual({
			code: 1,
			said: 'guestwire: 2 instances are called "twin": give an id: a1, a2\n',
		});
		expect(await run("web-1", "openstack/latest/metadata.json")).toEqual({
			code: 1,
			said: expect.stringMatching(
				/no document .*: did you mean openstack\/latest\/meta_data\.json\? guestwire tree lists all paths\n$/,
			),
		});
	});
});
