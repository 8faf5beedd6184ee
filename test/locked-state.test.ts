/**
 * Another process holds the SQLite file in a write transaction for 3 s while guests ask.
 *
 * @module-tag slow
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { afterEach, beforeEach, expect, test } from "vitest";
import { lockFile } from "./lock-file.ts";
import { startServe } from "./serve-process.ts";

/** How long the lock is held, and how long nothing is locked before. Milliseconds. */
const LOCKED = 3000;
/** Milliseconds from one request to the next, whether that is answered or not. */
const EVERY = 20;
/** Milliseconds that the slowest hundredth may take, or this many times as long as without the lock: the machine may be busy. */
const MOST_P99 = 50;
const MARGIN = 3;
const LATEST = "/openstack/latest";
const PATHS = ["network_data.json", "meta_data.json", "user_data", "password"].map((name) => `${LATEST}/${name}`);

let folder: string;
beforeEach(() => {
	folder = mkdtempSync(join(tmpdir(), "guestwire-locked-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** A share of the times, in milliseconds. */
const at = (times: readonly number[], share: number) =>
	times.toSorted((a, b) => a - b)[Math.floor((times.length - 1) * share)] ?? Number.NaN;
const show = (value: number) => `${value.toFixed(1)} ms`;

/** How long requests take that are sent at even distances until something has happened. */
async function timesUntil(end: Promise<unknown>, guest: string): Promise<number[]> {
	const requests: Promise<number>[] = [];
	let isOver = false;
	void end.finally(() => {
		isOver = true;
	});
	for (let n = 0; !isOver; n++) {
		const started = performance.now();
		const answer = fetch(guest + PATHS[n % PATHS.length]).then(async (response) => {
			await response.arrayBuffer();
			expect(response.status).toBe(200);
			return performance.now() - started;
		});
		requests.push(answer);
		await setTimeout(EVERY);
	}
	return Promise.all(requests);
}

test("documents are answered meanwhile; only a new password waits", { timeout: 60_000 }, async () => {
	const user_data = Buffer.from("#cloud-config\n").toString("base64");
	const vm = {
		servers: [{ id: "vm", "OS-EXT-SRV-ATTR:user_data": user_data }],
		networks: [{ id: "lan" }],
		subnets: [{ id: "lan-4", cidr: "192.0.2.0/24" }],
		ports: [{ id: "nic", fixed_ips: [{ ip_address: "192.0.2.5" }] }],
	};
	mkdirSync(join(folder, "inventory"));
	writeFileSync(join(folder, "inventory", "vm.json"), JSON.stringify(vm));
	const metadata = [{ listen: "127.0.0.1:0", identity: "fixed", instance: "vm" }];
	const state = { sqlite: "state.db" };
	const service = await startServe(folder, { cloud: { files: { path: "inventory" } }, metadata, state });
	const [guest = ""] = service.guests;
	await timesUntil(setTimeout(LOCKED), guest);
	const before = await timesUntil(setTimeout(LOCKED), guest);

	const lock = await lockFile(join(folder, "state.db"));
	const released = setTimeout(LOCKED).then(() => lock.release());
	const started = performance.now();
	const password = fetch(`${guest}${LATEST}/password`, { method: "POST", body: "secret" });
	const set = password.then(({ status }) => ({ status, milliseconds: performance.now() - started }));
	const during = await timesUntil(Promise.all([released, set]), guest);
	const { status, milliseconds } = await set;
	console.log(
		`${during.length} documents while the file was locked: median ${show(at(during, 0.5))}, p99 ${show(at(during, 0.99))}, ` +
			`longest ${show(at(during, 1))} (p99 without the lock: ${show(at(before, 0.99))}); password ${show(milliseconds)}`,
	);
	expect(status).toBe(200);
	expect(milliseconds).toBeGreaterThan(LOCKED - 500);
	expect(during.length).toBeGreaterThan(50);
	expect(at(during, 0.99)).toBeLessThan(Math.max(MOST_P99, MARGIN * at(before, 0.99)));
});
