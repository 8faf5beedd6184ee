/** @module-tag slow */
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, request } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type RunningCli, runCli, startCli } from "../../test/run-cli.ts";

const SECRET = "the proxies' secret";
const inventory = (userData: string) => `networks: [{ id: lan, mtu: 1500 }]
subnets: [{ id: lan4, cidr: 192.0.2.0/24, gateway_ip: 192.0.2.1 }]
servers:
  - { id: web-1, name: web-1, tenant_id: p, "OS-EXT-SRV-ATTR:user_data": ${Buffer.from(userData).toString("base64")} }
  - { id: web-2, name: web-2, tenant_id: p }
ports:
  - { id: a, device_id: web-1, fixed_ips: [{ ip_address: 192.0.2.10 }] }
  - { id: b, device_id: web-2, fixed_ips: [{ ip_address: 192.0.2.11 }] }
`;

let folder: string;
let other: RunningCli;
let url: string;

/** Writes an inventory and a configuration for it, and returns the configuration's path. */
function configure(name: string, userData: string, hostnameDomain: string): string {
	writeFileSync(join(folder, `${name}.inventory.yaml`), inventory(userData));
	const config = join(folder, `${name}.yaml`);
	writeFileSync(
		config,
		`cloud: { files: { path: ${name}.inventory.yaml } }
metadata: [{ listen: "127.0.0.1:0", identity: signed, sharedSecretFile: secret }]
operator: { listen: "127.0.0.1:0" }
networkData: { profile: nova }
hostnameDomain: ${hostnameDomain}
state: { sqlite: ${name}.db }
`,
	);
	return config;
}

// A service with the profile `nova` stands in for nova-api-metadata, which the tests with a real cloud compare with.
beforeAll(async () => {
	folder = mkdtempSync(join(tmpdir(), "guestwire-compare-"));
	writeFileSync(join(folder, "secret"), SECRET);
	other = startCli(["serve", "--config", configure("other", "echo one", "novalocal")]);
	const [, origin = ""] = await other.says(/identity signed\): curl (http:\/\/[^/\s]+)/);
	url = origin;
});
afterAll(async () => {
	await other.stop();
	rmSync(folder, { recursive: true });
});

const compare = (config: string, ...args: string[]) => runCli(["compare", "--nova", url, "--config", config, ...args]);

describe("compare", () => {
	test("the same facts: every path is equal, or different on purpose", async () => {
		const { code, stdout, stderr } = await compare(configure("same", "echo one", "novalocal"));
		expect([code, stderr]).toEqual([0, ""]);
		const { instances, paths, equal, deviating, differing, deviations } = JSON.parse(stdout);
		expect(instances).toBe(2);
		expect(paths).toBeGreaterThan(400);
		expect(equal + deviating).toBe(paths);
		expect(differing).toBe(0);
		expect(Object.keys(deviations)).toEqual(["random_seed"]);
	});

	test("other facts: each different path, and exit status 1", async () => {
		const { code, stdout, stderr } = await compare(configure("changed", "echo two", "example.org"), "web-1");
		expect(code).toBe(1);
		expect(stderr).toMatch(/^guestwire: \d+ of \d+ paths differ: see above\n$/);
		const { instances, differences } = JSON.parse(stdout);
		expect(instances).toBe(1);
		const found = new Map(differences.map(({ path, difference }: Record<string, string>) => [path, difference]));
		expect(found.get("/latest/meta-data/hostname")).toBe(
			'from character 0: "web-1.novalocal", Guestwire: "web-1.example.org"',
		);
		expect(found.get("/openstack/latest/user_data")).toBe("8 bytes, Guestwire: 8 other bytes");
		expect(found.has("/openstack/latest/network_data.json")).toBe(false);
		expect(stdout).not.toContain("echo");
	});

	test("profile full differs only in its network data", async () => {
		const { code, stdout } = await compare(configure("full", "echo one", "novalocal"), "--profile", "full");
		expect(code).toBe(0);
		expect(Object.keys(JSON.parse(stdout).deviations).toSorted()).toEqual(["profile-full", "random_seed"]);
	});

	test("paths without an answer are listed with the reason, and all others are compared", async () => {
		let requested = 0;
		const proxy = createServer(({ url: path = "", headers }, answer) => {
			const isBroken = path === "/openstack/latest/user_data" || (path === "/2009-04-04" && requested++ === 0);
			if (isBroken) return void answer.destroy();
			request(url, { path, headers }, (found) => {
				answer.writeHead(found.statusCode ?? 0);
				found.pipe(answer);
			}).end();
		}).listen(0, "127.0.0.1");
		await once(proxy, "listening");
		const { port } = proxy.address() as AddressInfo;
		const config = configure("broken", "echo one", "novalocal");
		const nova = ["--nova", `http://127.0.0.1:${port}`];
		const all = await compare(config, ...nova);
		const people = await runCli(["compare", "web-1", "--config", config, ...nova], { isTTY: true });
		proxy.close();
		const { paths, equal, deviating, failures } = JSON.parse(all.stdout);
		const reason = /GET \/openstack\/latest\/user_data: no answer \((UND_ERR_SOCKET|ECONNRESET)\): is the metadata /;
		expect(failures.toSorted()).toEqual([
			expect.stringMatching(`^web-1: ${reason.source}`),
			expect.stringMatching(`^web-2: ${reason.source}`),
		]);
		expect([all.code, all.stderr]).toEqual([1, "guestwire: 2 instances or paths were not compared: see above\n"]);
		expect(paths).toBeGreaterThan(400);
		expect(equal + deviating).toBe(paths);
		// Twice for the instance whose first request broke, and once for each of the others.
		expect([people.code, requested]).toEqual([1, 4]);
		expect(people.stdout).toMatch(reason);
		expect(people.stdout).toMatch(/^ +\d+ {2}equal$/m);
	});

	test("a config drive of the instance, without any service", async () => {
		const config = configure("drive", "echo one", "novalocal");
		const drive = join(folder, "web-1.iso");
		await runCli(["config-drive", "web-1", "--config", config, "-o", drive]);
		const nowhere = ["--nova", "http://127.0.0.1:9"];
		const same = await runCli(["compare", "web-1", "--drive", drive, "--config", config, ...nowhere]);
		const { paths, equal, instances } = JSON.parse(same.stdout);
		expect([same.code, same.stderr, instances, equal]).toEqual([0, "", 1, paths]);
		const other = configure("drive-changed", "echo two", "novalocal");
		const changed = await runCli(["compare", "web-1", "--drive", drive, "--config", other, ...nowhere]);
		const differing = JSON.parse(changed.stdout).differences.map(({ path }: { path: string }) => path);
		expect([changed.code, differing.includes("openstack/latest/user_data")]).toEqual([1, true]);
		expect(changed.stdout).not.toContain("echo");
	});

	test.each([
		[["--drive", "/no/such/file", "web-1"], 1, /can't read \/no\/such\/file \(ENOENT\)/],
		[["--drive", "/no/such/file"], 2, /--drive takes exactly one instance: name it/],
		[["--nova", "nova:8775"], 2, /invalid URL "nova:8775": give one like /],
		[["--parallel", "0"], 2, /give a number from 1 to 32/],
		[
			["--nova", "http://127.0.0.1:9"],
			1,
			/^guestwire: GET \/: no answer \(ECONNREFUSED\): is the metadata service up\?/,
		],
		[["--secret-file", "/no/such/file"], 78, /--secret-file \/no\/such\/file /],
		[["web-3"], 1, /"web-3"/],
	])("%j: one line says what is wrong", async (args, expected, message) => {
		const { code, stderr } = await compare(configure("wrong", "", "novalocal"), ...args);
		expect(stderr).toMatch(message);
		expect(stderr.trimEnd()).not.toContain("\n");
		expect(code).toBe(expected);
	});
});
