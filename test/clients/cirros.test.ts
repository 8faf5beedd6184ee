/**
 * CirrOS' own scripts over HTTP and on a drive. By hand, with a checkout of https://github.com/cirros-dev/cirros:
 * GUESTWIRE_CIRROS=FOLDER npm run test:clients -- cirros
 */
import { cp, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parse } from "yaml";
import { type Host, shell, startHost } from "./host.ts";
import { runInSuite } from "./suite.ts";
import { guestwire, loadWiring } from "./wiring.ts";

const checkout = process.env["GUESTWIRE_CIRROS"];

describe.skipIf(checkout === undefined)("CirrOS (a checkout in GUESTWIRE_CIRROS)", () => {
	let out: string;
	let host: Host;
	let facts: { server: Record<string, string>; keypairs: { public_key: string }[] };
	beforeAll(async () => {
		out = await mkdtemp(join(tmpdir(), "guestwire-cirros-"));
		const wiring = await loadWiring("cirros");
		facts = parse(await readFile(wiring.inventory, "utf8"));
		host = await startHost(wiring);
		await shell(`ip -n ${host.guest} link set eth0 up; ip -n ${host.guest} addr add 192.0.2.95/24 dev eth0
			ip -n ${host.guest} route add default via 192.0.2.1`);
		await guestwire("config-drive", wiring.name, "--inventory", wiring.inventory, "-o", join(out, "drive.iso"));
		await guestwire("config-drive", "--read", join(out, "drive.iso"), "-d", join(out, "seed"));
		await cp(join(checkout ?? "", "src"), join(out, "cirros"), { recursive: true, verbatimSymlinks: true });
		await runInSuite("bookworm", "cirros-run.sh", out, host.guest);
	});
	afterAll(async () => {
		await host?.close();
		await rm(out, { recursive: true });
	});

	// On a drive it joins several keys without a line feed, and so loses all but the first (`cat` in its ds/configdrive).
	it.each([
		["over HTTP", "http", "\n", { "local-ipv4": "192.0.2.95", "launch-index": "0" }],
		["on a drive", "drive", "", { "instance-id": "cirros", "launch-index": "0" }],
	])("finds everything of its instance %s", async (_, folder, between, own) => {
		const item = async (name: string) => (await readFile(join(out, folder, "data", name), "utf8")).trim();
		const { server, keypairs } = facts;
		const userData = Buffer.from(server["OS-EXT-SRV-ATTR:user_data"] ?? "", "base64").toString();
		const expected = {
			"local-hostname": expect.stringMatching(/^cirros(\.|$)/),
			"public-keys": keypairs.map(({ public_key }) => public_key).join(between),
			"user-data": userData.trim(),
			...own,
		};
		const found = await Promise.all(Object.keys(expected).map(async (name) => [name, await item(name)]));
		expect(Object.fromEntries(found)).toEqual(expected);
	});
});
