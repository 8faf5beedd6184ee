/**
 * `guestwire serve` with a mirror, as a process: what it knows after a restart without the cloud.
 *
 * @module-tag slow
 */
import { type ChildProcess, spawn } from "node:child_process";
import { createHmac } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { type FakeOpenStack, startFakeOpenStack } from "./fake-openstack.ts";

const MAIN = fileURLToPath(new URL("../src/cli/main.ts", import.meta.url));
const SECRET = "shared";
const PATHS = ["meta_data.json", "network_data.json", "user_data", "vendor_data.json"];

let folder: string;
let cloud: FakeOpenStack;
let child: ChildProcess | undefined;
beforeEach(async () => {
	folder = await mkdtemp(join(tmpdir(), "guestwire-mirror-"));
	await writeFile(join(folder, "secret"), SECRET);
	const config = {
		cloud: { openstack: {} },
		metadata: [{ listen: "127.0.0.1:0", identity: "signed", sharedSecretFile: "secret" }],
		operator: { listen: "127.0.0.1:0" },
		state: { sqlite: "state.db" },
	};
	await writeFile(join(folder, "guestwire.yaml"), JSON.stringify(config));
	cloud = await startFakeOpenStack();
});
afterEach(async () => {
	child?.kill("SIGKILL");
	await cloud.close();
	await rm(folder, { recursive: true });
});

interface Addresses {
	readonly guests: string;
	readonly operator: string;
}

async function start(): Promise<Addresses> {
	const args = [MAIN, "serve", "--config", join(folder, "guestwire.yaml")];
	const env = { ...process.env, ...cloud.env };
	child = spawn(process.execPath, args, { stdio: ["ignore", "ignore", "pipe"], env });
	const found: string[] = [];
	for await (const line of createInterface({ input: child.stderr as NodeJS.ReadableStream })) {
		const [, url] = /curl (http:\/\/[^/\s]+)/.exec(line) ?? [];
		if (url !== undefined) found.push(url);
		const [guests, operator] = found;
		if (guests !== undefined && operator !== undefined) return { guests, operator };
	}
	throw new Error("serve did not start");
}

async function stop(): Promise<void> {
	const ended = once(child as ChildProcess, "exit");
	child?.kill("SIGTERM");
	expect(await ended).toEqual([0, null]);
}

/** Every document of every server. */
async function documents({ guests }: Addresses): Promise<Record<string, string>> {
	const found: Record<string, string> = {};
	for (const { id, tenant_id: project } of cloud.records.servers) {
		const signature = createHmac("sha256", SECRET).update(id).digest("hex");
		const headers = {
			"x-instance-id": id,
			"x-tenant-id": String(project),
			"x-instance-id-signature": signature,
		};
		for (const path of PATHS) {
			const response = await fetch(`${guests}/openstack/latest/${path}`, { headers });
			found[`${id} ${path}`] = `${response.status} ${await response.text()}`;
		}
	}
	return found;
}

async function metrics({ operator }: Addresses): Promise<string> {
	return (await fetch(`${operator}/metrics`)).text();
}

test("a restart without the cloud changes no byte of any document", async () => {
	const first = await start();
	await vi.waitFor(async () => expect(await metrics(first)).toContain("guestwire_mirror_fill_ratio 1"), 20_000);
	expect((await fetch(`${first.operator}/readyz`)).status).toBe(200);
	const before = await documents(first);
	expect(Object.values(before).filter((text) => !/^(200|404) /.test(text))).toEqual([]);
	await stop();
	await cloud.close();
	const second = await start();
	expect((await fetch(`${second.operator}/readyz`)).status).toBe(200);
	expect(await documents(second)).toEqual(before);
}, 180_000);

test("a service that knows nothing and can't reach the cloud is not ready", async () => {
	await cloud.close();
	const { operator } = await start();
	expect((await fetch(`${operator}/readyz`)).status).toBe(503);
});
