/**
 * However large an inventory or an instance is, the thread that answers guests does not stand still. What is judged is the
 * CPU time of a turn of its event loop, because a busy machine delays any process.
 *
 * @module-tag slow
 */
import { mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, test } from "vitest";
import { generated, writeInventory } from "../bench/generate.ts";
import { atLimit, LIMIT_CASES, limitOf } from "./limit-cases.ts";
import { type ServeProcess, startServe } from "./serve-process.ts";

/** The issue behind this test had 100,000; fewer show the same. */
const INSTANCES = Number(process.env["GUESTWIRE_STALL_INSTANCES"] ?? 20_000);
const PATIENCE = 240_000;
/**
 * Milliseconds of CPU time that a turn may take. An idle machine needs 50 at most, a busy one up to three times as much for the
 * same work: it is long only if it is long each time …
 */
const MOST_STALL = 75;
const TRIES = 3;
/** … and what is measured once may take longer. */
const MOST_ONCE = 100;
/** Rounds of requests after which the code is compiled. */
const WARM_UP = 30;
const PATH = "/openstack/latest/meta_data.json";
/** All that a document is made of, and the listing, which needs all of them. */
const DOCUMENTS = [
	...["meta_data.json", "user_data", "vendor_data2.json", "network_data.json", "metadata/network_data", ""].map(
		(name) => `/openstack/latest/${name}`,
	),
	...["user-data", "meta-data/public-keys/", "meta-data/local-ipv4"].map((name) => `/latest/${name}`),
];

let folder: string;
let inventory: string;
beforeEach(() => {
	folder = mkdtempSync(join(tmpdir(), "guestwire-stalls-"));
	inventory = join(folder, "inventory");
	mkdirSync(inventory);
});
afterEach(() => rmSync(folder, { recursive: true }));

/** @param instances each has a listener of its own */
function start(...instances: readonly string[]): Promise<ServeProcess> {
	const metadata = instances.map((instance) => ({ listen: "127.0.0.1:0", identity: "fixed", instance }));
	const nodeArguments = ["--import", fileURLToPath(new URL("event-loop-delay.ts", import.meta.url))];
	return startServe(folder, { cloud: { files: { path: "inventory" } }, metadata }, {}, "pipe", { nodeArguments });
}

/** Prints the longest stall since the last time. @returns its CPU time in milliseconds */
async function stallOf({ kill, said }: ServeProcess, what: string): Promise<number> {
	const before = said.length;
	kill("SIGUSR2");
	const found = () => said.slice(before).find((line) => line.startsWith("event loop: "));
	await expect.poll(found, { timeout: PATIENCE }).toBeDefined();
	console.log(`${what}: ${found()}`);
	return Number(/([\d.]+) ms of CPU time/.exec(found() ?? "")?.[1]);
}

const ask = ({ guests: [guest = ""] }: ServeProcess, path: string) => askAt(guest, path);

async function askAt(guest: string, path: string): Promise<{ status: number; text: string }> {
	const response = await fetch(`${guest}${path}`);
	return { status: response.status, text: await response.text() };
}

test("while every one of many instances changes", { timeout: 2 * PATIENCE }, async () => {
	await writeInventory(inventory, INSTANCES);
	const service = await start(generated(0).id);
	for (let round = 0; round < WARM_UP; round++) await ask(service, PATH);
	await stallOf(service, "start, which loads the program");
	await sleep(3000);
	expect(await stallOf(service, `overview of ${INSTANCES} instances`)).toBeLessThan(MOST_ONCE);

	const servers = join(inventory, "servers.json");
	writeFileSync(join(folder, "new"), readFileSync(servers, "utf8").replaceAll('"name":"', '"name":"new-'));
	const changed = performance.now();
	renameSync(join(folder, "new"), servers);
	let isNew = false;
	let asked = 0;
	for (; !isNew && performance.now() - changed < PATIENCE; asked++) {
		const { status, text } = await ask(service, PATH);
		expect(status).toBe(200);
		isNew = JSON.parse(text).name.startsWith("new-");
		await sleep(10);
	}
	const took = Math.round(performance.now() - changed);
	console.log(`the change is seen after ${took} ms; a guest was answered ${asked} times meanwhile`);
	expect(isNew).toBe(true);
	await sleep(3000);
	expect(await stallOf(service, `reload of ${INSTANCES} instances`)).toBeLessThan(MOST_ONCE);
});

const idOf = (name: string) => name.toLowerCase().replaceAll(" ", "-");

/** Writes an instance for each case. @param mostOf how much it has */
function writeCases(prefix: string, mostOf: (name: string) => number): string[] {
	return LIMIT_CASES.map((name) => {
		const id = prefix + idOf(name);
		writeFileSync(join(inventory, `${id}.json`), JSON.stringify(atLimit(name, id, mostOf(name))));
		return id;
	});
}

/**
 * The longest stall while something is done with an instance at a limit: of several tries, the shortest one. Before each
 * further one, the instance changes, so that its documents are made again.
 */
async function stallAtLimit(service: ServeProcess, name: string, use: (id: string) => Promise<void>): Promise<number> {
	const id = idOf(name);
	const stalls: number[] = [];
	for (let attempt = 1; attempt <= TRIES && !stalls.some((stall) => stall < MOST_STALL); attempt++) {
		if (attempt > 1) await rewrite(service, `${id}.json`, atLimit(name, id, limitOf(name), `attempt-${attempt}`));
		await use(id);
		// The request history takes its time.
		await sleep(1500);
		stalls.push(await stallOf(service, `${limitOf(name)} ${name}, attempt ${attempt}`));
	}
	return Math.min(...stalls);
}

async function rewrite(service: ServeProcess, file: string, content: object): Promise<void> {
	const { said } = service;
	const before = said.length;
	writeFileSync(join(folder, "new"), JSON.stringify(content));
	renameSync(join(folder, "new"), join(inventory, file));
	const isReloaded = () => said.slice(before).some((line) => line.includes("was reloaded"));
	await expect.poll(isReloaded, { timeout: PATIENCE }).toBe(true);
	await stallOf(service, "reload");
}

/** Less than at the limits. */
const fewOf = (name: string) => (name.includes("text") ? 6000 : Math.min(limitOf(name), 1000));

test("for an instance at each limit", { timeout: 4 * PATIENCE }, async () => {
	writeFileSync(join(inventory, "warm.json"), JSON.stringify({ servers: [{ id: "warm" }] }));
	const warm = ["warm", ...writeCases("warm-", fewOf)];
	const all = [...warm, ...writeCases("", limitOf)];
	const service = await start(...all);
	const guestOf = (id: string) => service.guests[all.indexOf(id)] ?? "";
	const askAll = async (id: string) => {
		for (const path of DOCUMENTS) {
			const { status } = await askAt(guestOf(id), path);
			expect([id, path, [200, 404].includes(status)]).toEqual([id, path, true]);
		}
	};
	for (let round = 0; round < WARM_UP; round++) for (const id of warm) await askAll(id);
	await sleep(3000);
	await stallOf(service, "start, which loads the program");
	for (const name of LIMIT_CASES) expect.soft(await stallAtLimit(service, name, askAll), name).toBeLessThan(MOST_STALL);
});

test("while an operator looks at an instance at each limit", { timeout: 4 * PATIENCE }, async () => {
	const all = [...writeCases("warm-", fewOf), ...writeCases("", limitOf)];
	const service = await start(...all);
	const look = async (id: string) => {
		const drives = ["", "?format=vfat", "?encoding=raw"].map((query) => `config-drive${query}`);
		for (const part of ["", "guest", "versions", "wiring", "check", "render/netplan", ...drives]) {
			const response = await fetch(`${service.operator}/api/instances/${id}/${part}`.replace(/\/$/, ""));
			await response.arrayBuffer();
			expect([id, part, [200, 422, 503].includes(response.status)]).toEqual([id, part, true]);
		}
	};
	for (const name of LIMIT_CASES) await look(`warm-${idOf(name)}`);
	await sleep(1000);
	await stallOf(service, "start, which loads the program");
	for (const name of LIMIT_CASES) expect.soft(await stallAtLimit(service, name, look), name).toBeLessThan(MOST_STALL);
});

test("for an instance far beyond the limits", { timeout: 2 * PATIENCE }, async () => {
	const far = atLimit("routes", "huge", 500 * 1000);
	writeFileSync(join(inventory, "huge.json"), JSON.stringify(far));
	writeFileSync(join(inventory, "vm.json"), JSON.stringify({ servers: [{ id: "vm" }] }));
	const service = await start("vm", "huge");
	for (let round = 0; round < WARM_UP; round++) await ask(service, PATH);
	await sleep(1000);
	await stallOf(service, "start");
	expect((await askAt(service.guests[1] ?? "", "/openstack/latest/network_data.json")).status).toBe(500);
	expect((await askAt(service.guests[1] ?? "", "/2009-04-04/meta-data/public-ipv4")).status).toBe(500);
	await expect
		.poll(service.log)
		.toMatch(/instance huge has 500000 routes, but documents may have at most 5000: remove some/);
	expect(await stallOf(service, "an instance with 500,000 routes")).toBeLessThan(MOST_ONCE);
});

test("while an operator tries a document that takes many seconds", { timeout: 2 * PATIENCE }, async () => {
	writeFileSync(join(inventory, "vm.json"), JSON.stringify({ servers: [{ id: "vm" }] }));
	const service = await start("vm");
	const mac = (n: number) =>
		`52:54:00:01:${[n >> 8, n & 255].map((byte) => byte.toString(16).padStart(2, "0")).join(":")}`;
	const vlans = Array.from({ length: 4000 }, (_, n) => ({
		...{ id: `vlan${n}`, type: "vlan", vlan_link: "nic", vlan_id: n + 1, vlan_mac_address: mac(n) },
	}));
	const links = [{ id: "nic", type: "phy", ethernet_mac_address: "52:54:00:00:00:01" }, ...vlans];
	const post = async (body: object) => {
		const headers = { "content-type": "application/json" };
		return fetch(`${service.operator}/api/try`, { method: "POST", headers, body: JSON.stringify(body) });
	};
	expect((await post({ links: links.slice(0, 2) })).status).toBe(200);
	for (let round = 0; round < WARM_UP; round++) await ask(service, PATH);
	await stallOf(service, "start");
	let status = 0;
	const tried = post({ links }).then((response) => {
		status = response.status;
		return response.text();
	});
	let asked = 0;
	for (; status === 0; asked++) {
		expect((await ask(service, PATH)).status).toBe(200);
		await sleep(10);
	}
	console.log(`${status} for the document; a guest was answered ${asked} times meanwhile`);
	const text = await tried;
	expect(status === 200 || text.includes("shorten it")).toBe(true);
	expect(await stallOf(service, "a document to try")).toBeLessThan(MOST_ONCE);
});
