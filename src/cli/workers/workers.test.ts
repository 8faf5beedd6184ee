/**
 * Guests served by several processes.
 *
 * @module-tag slow
 */
import { execFileSync } from "node:child_process";
import { once } from "node:events";
import {
	closeSync,
	mkdtempSync,
	openSync,
	readdirSync,
	readFileSync,
	readlinkSync,
	rmSync,
	writeFileSync,
} from "node:fs";
import { Agent, createServer, type IncomingMessage, request, type ServerResponse } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, onTestFinished, test } from "vitest";
import { type ServeProcess, startServe } from "../../../test/serve-process.ts";

const INVENTORY = fileURLToPath(new URL("../../../examples/inventory", import.meta.url));
const LATEST = "/openstack/latest";
const SOON = { timeout: 20_000, interval: 50 };
const WORKERS = 2;

let folder: string;
beforeEach(() => {
	folder = mkdtempSync(join(tmpdir(), "guestwire-workers-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

const start = (config: object = {}, stdout?: number) => {
	const defaults = {
		cloud: { files: { path: INVENTORY } },
		metadata: [{ listen: "127.0.0.1:0", identity: "fixed", instance: "web-1" }],
		state: { sqlite: "state.db" },
		workers: WORKERS,
	};
	return startServe(folder, { ...defaults, ...config }, {}, stdout);
};

interface Answer {
	readonly status: number;
	readonly body: string;
}

/** A request on a connection of its own, unless an agent is given. */
function ask(
	address: string,
	path: string,
	{
		method = "GET",
		body = "",
		agent,
	}: { readonly method?: string; readonly body?: string; readonly agent?: Agent } = {},
): Promise<Answer> {
	const target = address.startsWith("/") ? { socketPath: address, path } : { ...urlOptions(address), path };
	return new Promise((resolve, reject) => {
		const asking = request({ ...target, method, agent: agent ?? false }, async (response) => {
			const chunks: Buffer[] = [];
			for await (const chunk of response) chunks.push(chunk as Buffer);
			resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks).toString() });
		});
		asking.once("error", reject);
		asking.end(body);
	});
}

function urlOptions(address: string): { readonly host: string; readonly port: string } {
	const { hostname: host, port } = new URL(address);
	return { host, port };
}

const addressOf = ({ guests }: ServeProcess) => guests[0] ?? "";

/** Of a connection in /proc/net/tcp. */
const ESTABLISHED = "01";

/** How many connections to an address a process has open. */
function connectionsOf(pid: number, address: string): number {
	const port = Number(new URL(address).port).toString(16).toUpperCase().padStart(4, "0");
	const rows = readFileSync("/proc/net/tcp", "utf8").trim().split("\n").slice(1);
	const ofPort = rows.map((row) => row.trim().split(/\s+/)).filter(([, local]) => local?.endsWith(`:${port}`));
	const open = new Set(ofPort.filter(([, , , state]) => state === ESTABLISHED).map((row) => `socket:[${row[9]}]`));
	const folder = `/proc/${pid}/fd`;
	const links = readdirSync(folder).map((fd) => {
		try {
			return readlinkSync(join(folder, fd));
		} catch {
			return ""; // it was closed meanwhile
		}
	});
	return links.filter((link) => open.has(link)).length;
}

/** The sum of a metric over all labels. */
const sumOf = (metrics: string, name: string) =>
	[...metrics.matchAll(new RegExp(`^${name}(?:\\{.*\\})? (\\S+)$`, "gm"))].reduce(
		(sum, [, value]) => sum + Number(value),
		0,
	);

describe("a worker that is killed", () => {
	test("loses only its own connections, and is replaced", async () => {
		const service = await start();
		const address = addressOf(service);
		const [first = 0, second = 0] = service.workers();
		const agents: Agent[] = [];
		onTestFinished(() => {
			for (const agent of agents) agent.destroy();
		});
		// Until both workers have connections.
		while (connectionsOf(first, address) === 0 || connectionsOf(first, address) === agents.length) {
			const agent = new Agent({ keepAlive: true, maxSockets: 1 });
			agents.push(agent);
			expect((await ask(address, `${LATEST}/meta_data.json`, { agent })).status).toBe(200);
		}
		const ofFirst = connectionsOf(first, address);
		const sockets = agents.map((agent) => Object.values(agent.freeSockets)[0]?.[0]);
		process.kill(first, "SIGKILL");
		await expect.poll(() => sockets.filter((socket) => socket?.destroyed).length, SOON).toBe(ofFirst);

		const left = sockets.filter((socket) => !socket?.destroyed);
		expect(left).toHaveLength(agents.length - ofFirst);
		// New connections are answered at once, whatever is left of the old worker.
		for (let at = 0; at < 50; at++) expect((await ask(address, `${LATEST}/meta_data.json`)).status).toBe(200);
		await expect.poll(() => service.workers().length, SOON).toBe(WORKERS);
		expect(service.workers()).toContain(second);
		expect(service.workers()).not.toContain(first);
		await expect.poll(async () => sumOf(await service.metrics(), "guestwire_workers"), SOON).toBe(WORKERS);
		expect(sumOf(await service.metrics(), "guestwire_workers_replaced_total")).toBe(1);
		expect(left.filter((socket) => socket?.destroyed)).toEqual([]);
	});

	test("is replaced once that is possible, if no process can be started at first", async () => {
		const service = await start();
		const limitFiles = (most: number) => execFileSync("prlimit", [`--pid=${service.pid}`, `--nofile=${most}:`]);
		limitFiles(3);
		const [first = 0] = service.workers();
		process.kill(first, "SIGKILL");
		await expect.poll(() => service.log(), SOON).toContain("a worker could not start");
		expect((await ask(addressOf(service), `${LATEST}/meta_data.json`)).status).toBe(200);
		limitFiles(1024);
		await expect.poll(() => service.workers().length, SOON).toBe(WORKERS);
		await expect.poll(async () => sumOf(await service.metrics(), "guestwire_workers"), SOON).toBe(WORKERS);
	});

	test("during requests, loses only the answers on its own connections", async () => {
		const service = await start();
		const address = addressOf(service);
		const failures: unknown[] = [];
		let [running, answered] = [true, 0];
		const guests = Array.from({ length: 8 }, async () => {
			while (running) {
				const answer = await ask(address, `${LATEST}/network_data.json`).catch((error) => error);
				if (answer.status === 200) answered++;
				else failures.push(answer);
			}
		});
		await expect.poll(() => answered, SOON).toBeGreaterThan(50);
		for (const pid of service.workers()) {
			process.kill(pid, "SIGKILL");
			const before = answered;
			await expect.poll(() => answered, SOON).toBeGreaterThan(before + 50);
			await expect.poll(() => service.workers().length, SOON).toBe(WORKERS);
			await expect.poll(async () => sumOf(await service.metrics(), "guestwire_workers"), SOON).toBe(WORKERS);
		}
		running = false;
		await Promise.all(guests);
		// Each guest has one request at a time.
		expect(failures.length).toBeLessThanOrEqual(8 * WORKERS);
		expect(failures.filter((failure) => (failure as NodeJS.ErrnoException).code === undefined)).toEqual([]);
	});
});

test("a worker that hangs is replaced", { timeout: 90_000 }, async () => {
	const service = await start();
	const [first = 0, second = 0] = service.workers();
	process.kill(first, "SIGSTOP");
	await expect.poll(() => service.workers().includes(first), { timeout: 60_000, interval: 200 }).toBe(false);
	await expect.poll(() => service.workers().length, SOON).toBe(WORKERS);
	expect(service.workers()).toContain(second);
	for (let at = 0; at < 10; at++) expect((await ask(addressOf(service), `${LATEST}/meta_data.json`)).status).toBe(200);
	await expect.poll(service.log, SOON).toContain("a worker has not answered for 20 s: it is killed");
});

describe("SIGTERM", () => {
	test("lets all workers answer what is in flight", async () => {
		const held: ServerResponse[] = [];
		const vendor = createServer((_request: IncomingMessage, response) => void held.push(response)).listen(
			0,
			"127.0.0.1",
		);
		await once(vendor, "listening");
		onTestFinished(() => void vendor.close());
		const url = `http://127.0.0.1:${(vendor.address() as AddressInfo).port}/`;
		const service = await start({ vendorData: { dynamic: [{ name: "slow", url, timeoutSeconds: 4 }] } });
		const address = addressOf(service);
		const workers = service.workers();
		const answers: Promise<Answer>[] = [];
		// Until both workers have requests. All of them wait for one response of the vendor's service.
		while (workers.some((pid) => connectionsOf(pid, address) === 0)) {
			for (let at = 0; at < 8; at++) answers.push(ask(address, `${LATEST}/vendor_data2.json`));
			const waiting = async () => sumOf(await service.metrics(), "guestwire_requests_waiting");
			await expect.poll(waiting, SOON).toBe(answers.length);
		}
		service.kill("SIGTERM");
		await expect.poll(() => isRefused(address), SOON).toBe(true);
		for (const response of held) response.end('{"late":true}');
		for (const { status, body } of await Promise.all(answers)) {
			expect(status).toBe(200);
			expect(JSON.parse(body)).toMatchObject({ slow: { late: true } });
		}
		expect(await service.ended).toEqual([0, null]);
		expect(workers.filter(isAlive)).toEqual([]);
	});

	test("for the whole process group, as from systemd, ends everything in order", async () => {
		const service = await start();
		const all = [service.pid, ...service.workers()];
		for (let at = 0; at < 10; at++) await ask(addressOf(service), `${LATEST}/meta_data.json`);
		for (const pid of all) process.kill(pid, "SIGTERM");
		expect(await service.ended).toEqual([0, null]);
		expect(all.filter(isAlive)).toEqual([]);
		// No line of the log is lost, and none is mixed with another worker's.
		const lines = service.log().trimEnd().split("\n");
		expect(lines.map((line) => JSON.parse(line)).filter(({ path }) => path !== undefined)).toHaveLength(10);
	});
});

test("workers write their lines into the same file", async () => {
	const file = join(folder, "log");
	const descriptor = openSync(file, "w");
	const service = await start({}, descriptor);
	const guest = async () => {
		for (let at = 0; at < 100; at++) await ask(addressOf(service), `${LATEST}/meta_data.json`);
	};
	await Promise.all([guest(), guest(), guest(), guest()]);
	service.kill("SIGTERM");
	expect(await service.ended).toEqual([0, null]);
	closeSync(descriptor);
	const lines = readFileSync(file, "utf8").trimEnd().split("\n");
	expect(lines.map((line) => JSON.parse(line)).filter(({ path }) => path !== undefined)).toHaveLength(400);
});

test("SIGHUP is ignored", async () => {
	const service = await start();
	const all = [service.pid, ...service.workers()];
	for (const pid of all) process.kill(pid, "SIGHUP");
	for (let at = 0; at < 10; at++) expect((await ask(addressOf(service), `${LATEST}/meta_data.json`)).status).toBe(200);
	expect([service.pid, ...service.workers()]).toEqual(all);
});

test("workers end with a primary that is killed", async () => {
	const service = await start();
	const workers = service.workers();
	service.kill("SIGKILL");
	await expect.poll(() => workers.filter(isAlive), SOON).toEqual([]);
});

test("metrics and the request history are those of all workers", async () => {
	const service = await start();
	for (let at = 0; at < 40; at++) await ask(addressOf(service), `${LATEST}/meta_data.json`);
	const metrics = await service.metrics();
	expect(sumOf(metrics, "guestwire_requests_total")).toBe(40);
	expect(sumOf(metrics, "guestwire_request_duration_seconds_count")).toBe(40);
	expect(sumOf(metrics, "guestwire_listener_up")).toBe(1);
	expect(sumOf(metrics, "process_resident_memory_bytes")).toBeGreaterThan(0);
	const guest = async () =>
		(await (await fetch(`${service.operator}/api/instances/web-1/guest`)).json()) as { recent: unknown[] };
	await expect.poll(async () => (await guest()).recent.length, SOON).toBe(40);
	// Counts survive the worker.
	for (const pid of service.workers()) process.kill(pid, "SIGKILL");
	await expect.poll(async () => sumOf(await service.metrics(), "guestwire_workers_replaced_total"), SOON).toBe(WORKERS);
	expect(sumOf(await service.metrics(), "guestwire_requests_total")).toBe(40);
});

test("exactly one of the passwords posted through all workers at once is kept", async () => {
	const service = await start();
	const posts = Array.from({ length: 20 }, async (_, n) => {
		const answer = await ask(addressOf(service), `${LATEST}/password`, { method: "POST", body: `password-${n}` });
		return { ...answer, posted: `password-${n}` };
	});
	const answers = await Promise.all(posts);
	const [won, ...others] = answers.filter(({ status }) => status === 200);
	expect(others).toEqual([]);
	expect(answers.filter(({ status }) => status === 409)).toHaveLength(19);
	for (let at = 0; at < 20; at++) {
		expect(await ask(addressOf(service), `${LATEST}/password`)).toEqual({ status: 200, body: won?.posted });
	}
});

test("all workers see a change of the inventory", async () => {
	const inventory = join(folder, "inventory");
	const write = (name: string) =>
		writeFileSync(
			inventory,
			JSON.stringify({
				servers: [{ id: "one", name }],
				networks: [{ id: "net" }],
				ports: [{ id: "nic", device_id: "one" }],
			}),
		);
	write("before");
	const service = await start({
		cloud: { files: { path: "inventory" } },
		metadata: [{ listen: "127.0.0.1:0", identity: "fixed", instance: "one" }],
	});
	const names = async () => {
		const answers = Array.from({ length: 30 }, () => ask(addressOf(service), `${LATEST}/meta_data.json`));
		return new Set((await Promise.all(answers)).map(({ body }) => JSON.parse(body).name));
	};
	expect(await names()).toEqual(new Set(["before"]));
	write("after");
	await expect.poll(names, SOON).toEqual(new Set(["after"]));
	expect(await names()).toEqual(new Set(["after"]));
});

test("workers share a unix socket, and a stale one is replaced", async () => {
	const socket = join(folder, "metadata.sock");
	const config = { metadata: [{ listen: `unix:${socket}`, identity: "network" }] };
	const killed = await start(config);
	killed.kill("SIGKILL");
	await killed.ended;
	const service = await start(config);
	expect(service.guests).toEqual([socket]);
	for (let at = 0; at < 10; at++) expect((await ask(socket, "/openstack")).status).toBe(200);
	const [first = 0] = service.workers();
	process.kill(first, "SIGKILL");
	for (let at = 0; at < 10; at++) expect((await ask(socket, "/openstack")).status).toBe(200);
	service.kill("SIGTERM");
	expect(await service.ended).toEqual([0, null]);
	expect(readdirSync(folder)).not.toContain("metadata.sock");
});

test("an address in use is reported in one line, and no process is left running", async () => {
	const taken = createServer().listen(0, "127.0.0.1");
	await once(taken, "listening");
	onTestFinished(() => void taken.close());
	const { port } = taken.address() as AddressInfo;
	const starting = start({ metadata: [{ listen: `127.0.0.1:${port}`, identity: "fixed", instance: "web-1" }] });
	await expect(starting).rejects.toThrow(
		new RegExp(
			`^serve did not start: guestwire: .*: can't listen on 127.0.0.1:${port}: another process listens there: .*$`,
		),
	);
});

function isAlive(pid: number): boolean {
	try {
		// A process that nobody has waited for is no longer alive.
		return !readFileSync(`/proc/${pid}/stat`, "utf8").includes(") Z ");
	} catch {
		return false;
	}
}

async function isRefused(address: string): Promise<boolean> {
	const { hostname, port } = new URL(address);
	const socket = connect(Number(port), hostname);
	const refused = await Promise.race([
		once(socket, "connect").then(() => false),
		once(socket, "error").then(() => true),
	]).catch(() => true);
	socket.destroy();
	return refused;
}
