/** @module-tag slow */
import { createHash } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type RunningCli, startCli } from "../run-cli.ts";
import { output } from "./drive-readers.ts";
import { hasPythonModules, PYTHON } from "./programs.ts";

const INSTANCES = 100;
const TOKEN = "a-long-random-token";

/**
 * What ironic-python-agent 13.0.0 does with a drive by URL (ironic_python_agent/partition_utils.py, get_configdrive): it
 * decodes the body as base64, not strictly; if that raises, the body is the image, otherwise the gzip data of it.
 */
const AGENT = `
import base64, gzip, hashlib, json, sys
import requests
found = {}
for name, url in json.load(open(sys.argv[1])).items():
    response = requests.get(url, timeout=60)
    try:
        if response.status_code >= 400:
            raise ValueError("status %d" % response.status_code)
        try:
            packed = base64.b64decode(response.content)
        except Exception:
            image = response.content
        else:
            image = gzip.decompress(packed)
        found[name] = hashlib.sha256(image).hexdigest()
    except Exception as error:
        found[name] = "failed: %s" % error
json.dump(found, sys.stdout)
`;

/** Nodes with one to four NICs, addresses of both families, and names and user data of any length. */
function inventory(): unknown {
	const names = Array.from({ length: INSTANCES }, (_, index) => `metal-${index}`);
	return {
		networks: [{ id: "lan", mtu: 1500 }],
		subnets: [
			{ id: "lan4", cidr: "10.0.0.0/16", gateway_ip: "10.0.0.1", enable_dhcp: false },
			{ id: "lan6", cidr: "2001:db8::/64", gateway_ip: "2001:db8::1", enable_dhcp: false },
		],
		servers: names.map((id, index) => ({
			id,
			name: `${id}-${"n".repeat(index % 17)}`,
			created: `2026-01-01T00:${String(index % 60).padStart(2, "0")}:00Z`,
			"OS-EXT-SRV-ATTR:user_data": Buffer.from(`#!/bin/sh\n${"# filler\n".repeat(index * 7)}`).toString("base64"),
		})),
		ports: names.flatMap((id, index) =>
			Array.from({ length: 1 + (index % 4) }, (_, nic) => ({
				id: `${id}-${nic}`,
				device_id: id,
				fixed_ips: [
					{ ip_address: `10.0.${index + 1}.${nic + 1}` },
					...(index % 2 === 0 ? [{ ip_address: `2001:db8::${(index + 1).toString(16)}:${nic + 1}` }] : []),
				],
			})),
		),
	};
}

let folder: string;
let serving: RunningCli;
let origin: string;
beforeAll(async () => {
	folder = mkdtempSync(join(tmpdir(), "guestwire-agent-"));
	writeFileSync(join(folder, "inventory.json"), JSON.stringify(inventory()));
	writeFileSync(join(folder, "token"), TOKEN);
	writeFileSync(
		join(folder, "guestwire.yaml"),
		`cloud: { files: { path: inventory.json } }
metadata: [{ listen: "127.0.0.1:0", identity: fixed, instance: metal-1 }]
operator: { listen: "127.0.0.1:0", tokenFile: token }
state: { sqlite: state.db }
`,
	);
	serving = startCli(["serve", "--config", join(folder, "guestwire.yaml")]);
	const [, said = ""] = await serving.says(/for operators: curl .*(http:\/\/127\.0\.0\.1:\d+)\/api/);
	origin = said;
});
afterAll(async () => {
	await serving.stop();
	rmSync(folder, { recursive: true });
});

const withToken = { headers: { Authorization: `Bearer ${TOKEN}` } };
const driveOf = (name: string) => `${origin}/api/instances/${name}/config-drive`;

async function asAgent(urls: Readonly<Record<string, string>>): Promise<Record<string, string>> {
	writeFileSync(join(folder, "urls.json"), JSON.stringify(urls));
	return JSON.parse((await output(PYTHON, ["-c", AGENT, join(folder, "urls.json")])).toString());
}

it.skipIf(!hasPythonModules("requests"))(
	`Ironic's agent decodes the drives of ${INSTANCES} instances by their links (apt-get install python3-requests)`,
	async () => {
		const links: Record<string, string> = {};
		const raw: Record<string, string> = {};
		const images: Record<string, string> = {};
		for (let index = 0; index < INSTANCES; index++) {
			const name = `metal-${index}`;
			const made = await fetch(`${driveOf(name)}-link`, { ...withToken, method: "POST" });
			links[name] = ((await made.json()) as { url: string }).url;
			raw[name] = `${links[name]}&encoding=raw`;
			const image = await fetch(`${driveOf(name)}?encoding=raw`, withToken);
			images[name] = createHash("sha256")
				.update(new Uint8Array(await image.arrayBuffer()))
				.digest("hex");
		}
		expect(new Set(Object.values(images)).size).toBe(INSTANCES);
		expect(await asAgent(links)).toEqual(images);
		// The reason for the encoding: most raw images can be decoded as base64, to nothing of use.
		const failed = Object.values(await asAgent(raw)).filter((found) => found.startsWith("failed: Not a gzipped file"));
		expect(failed.length).toBeGreaterThan(INSTANCES / 10);
	},
	300_000,
);
