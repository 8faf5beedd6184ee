/**
 * `guestwire serve` as a process: what happens when the reader of its log stands still or goes away.
 *
 * @module-tag slow
 */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { closeSync, constants, openSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { Client, Pool } from "undici";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

const MAIN = fileURLToPath(new URL("main.ts", import.meta.url));
const INVENTORY = fileURLToPath(new URL("../../examples/inventory", import.meta.url));
/** More lines than a pipe or a socket holds: 64 KiB and some 200 KiB. */
const REQUESTS = 3000;

let folder: string;
let child: ChildProcess | undefined;
beforeEach(async () => {
	folder = await mkdtemp(join(tmpdir(), "guestwire-serve-"));
	const metadata = [{ listen: "127.0.0.1:0", identity: "fixed", instance: "web-1" }];
	const config = { cloud: { files: { path: INVENTORY } }, metadata, operator: { listen: "127.0.0.1:0" } };
	await writeFile(join(folder, "guestwire.yaml"), JSON.stringify(config));
});
afterEach(async () => {
	child?.kill("SIGKILL");
	await rm(folder, { recursive: true });
});

/** @returns the listener's address */
async function start(stdout: "pipe" | number): Promise<string> {
	const args = [MAIN, "serve", "--config", join(folder, "guestwire.yaml")];
	child = spawn(process.execPath, args, { stdio: ["ignore", stdout, "pipe"] });
	for await (const line of createInterface({ input: child.stderr as NodeJS.ReadableStream })) {
		const [, url] = /curl (http:\/\/\S+?)\/openstack/.exec(line) ?? [];
		if (url !== undefined) return url;
	}
	throw new Error("serve did not start");
}

async function ask(address: string, requests: number): Promise<void> {
	const pool = new Pool(address, { connections: 8 });
	const one = async () => {
		const { statusCode, body } = await pool.request({ method: "GET", path: "/openstack" });
		await body.dump();
		expect(statusCode).toBe(200);
	};
	for (let sent = 0; sent < requests; sent += 100) await Promise.all(Array.from({ length: 100 }, one));
	await pool.close();
}

/** Milliseconds from SIGTERM to the end. */
async function stop(): Promise<number> {
	const before = performance.now();
	const ended = once(child as ChildProcess, "exit");
	child?.kill("SIGTERM");
	expect(await ended).toEqual([0, null]);
	return performance.now() - before;
}

/** A named pipe, with both ends open. */
function pipe(): { readonly writer: number; readonly reader: number } {
	const path = join(folder, "pipe");
	spawnSync("mkfifo", [path]);
	const reader = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
	return { reader, writer: openSync(path, "w") };
}

describe("a log that is not read", () => {
	it("keeps the service neither from answering nor from stopping in time: a pipe", async () => {
		const { writer } = pipe();
		await ask(await start(writer), REQUESTS);
		expect(await stop()).toBeLessThan(4000);
	});

	it("keeps the service neither from answering nor from stopping in time: a socket", async () => {
		// A child's "pipe" is a socket, which node does not read before somebody listens.
		await ask(await start("pipe"), REQUESTS);
		expect(await stop()).toBeLessThan(4000);
	});

	it("is complete when its reader returns", async () => {
		const { writer, reader } = pipe();
		await ask(await start(writer), REQUESTS);
		const read = text(new Socket({ fd: reader, readable: true, writable: false }));
		await stop();
		// The test's own writing end keeps the pipe open.
		new Socket({ fd: writer, readable: false, writable: true }).destroy();
		expect((await read).trimEnd().split("\n")).toHaveLength(REQUESTS);
	});

	it("does not end the service when its reader goes away", async () => {
		const address = await start("pipe");
		child?.stdout?.destroy();
		await ask(address, 300);
		await ask(address, 300);
		await stop();
	});
});

it("a standard error that can't be written does not end the service", async () => {
	const socketPath = join(folder, "guests.sock");
	const metadata = [{ listen: `unix:${socketPath}`, identity: "fixed", instance: "web-1" }];
	const config = { cloud: { files: { path: INVENTORY } }, metadata, operator: { listen: "127.0.0.1:0" } };
	await writeFile(join(folder, "guestwire.yaml"), JSON.stringify(config));
	const full = openSync("/dev/full", "w");
	const args = [MAIN, "serve", "--config", join(folder, "guestwire.yaml")];
	child = spawn(process.execPath, args, { stdio: ["ignore", "ignore", full] });
	closeSync(full);
	const client = new Client("http://localhost", { socketPath });
	const status = async () => {
		const { statusCode, body } = await client.request({ method: "GET", path: "/openstack" });
		await body.dump();
		return statusCode;
	};
	await expect.poll(() => status().catch(() => undefined), { timeout: 20_000 }).toBe(200);
	await client.close();
	// Its last messages are written once guests are served.
	await stop();
});

it("SIGHUP does not end the service", async () => {
	const address = await start("pipe");
	child?.stdout?.resume();
	child?.kill("SIGHUP");
	await ask(address, 100);
	await stop();
});
