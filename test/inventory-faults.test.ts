/**
 * `guestwire serve` over an inventory on a bad day: the process survives, says what is wrong, and sees the next change.
 *
 * @module-tag slow
 */
import {
	appendFileSync,
	chmodSync,
	mkdirSync,
	mkdtempSync,
	openSync,
	renameSync,
	rmSync,
	symlinkSync,
	writeFileSync,
} from "node:fs";
import { connect, type Socket } from "node:net";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, expect, test } from "vitest";
import { cpuTimes } from "../bench/measure.ts";
import { type ServeProcess, startServe } from "./serve-process.ts";

/** What a busy machine adds to the 2 s that are wanted. Milliseconds. */
const PATIENCE = 15_000;

let folder: string;
let inventory: string;
beforeEach(() => {
	folder = mkdtempSync(join(tmpdir(), "guestwire-faults-"));
	inventory = join(folder, "inventory");
	mkdirSync(inventory);
	write(1000);
});
afterEach(() => rmSync(folder, { recursive: true }));

/** Each MTU is another state of the inventory. A new file takes the old one's place. */
function write(mtu: number): void {
	const lines = ["servers: [{ id: a }]", `networks: [{ id: n, mtu: ${mtu} }]`, "ports: [{ id: p, device_id: a }]"];
	writeFileSync(join(folder, "new"), `${lines.join("\n")}\n`);
	renameSync(join(folder, "new"), join(inventory, "a.yaml"));
}

const start = (how: Parameters<typeof startServe>[4] = {}, stdout: "pipe" | number = "pipe") => {
	const metadata = [{ listen: "127.0.0.1:0", identity: "fixed", instance: "a" }];
	return startServe(folder, { cloud: { files: { path: "inventory" } }, metadata }, {}, stdout, how);
};

async function mtuOf({ guests: [guest] }: ServeProcess): Promise<unknown> {
	const { links } = (await (await fetch(`${guest}/openstack/latest/network_data.json`)).json()) as {
		links: readonly { mtu: number }[];
	};
	return links[0]?.mtu;
}

/** Changes the inventory, and prints how long it takes until a guest gets the change. */
async function expectChange(service: ServeProcess, mtu: number): Promise<void> {
	const changed = performance.now();
	write(mtu);
	await expect.poll(() => mtuOf(service), { timeout: PATIENCE, interval: 50 }).toBe(mtu);
	console.log(
		`${expect.getState().currentTestName}: the change is seen after ${Math.round(performance.now() - changed)} ms`,
	);
}

const expectSaid = ({ said }: ServeProcess, what: RegExp) =>
	expect.poll(() => said.join("\n"), { timeout: PATIENCE }).toMatch(what);

test.skipIf(userInfo().uid !== 0)("a folder that may not be read", { timeout: 120_000 }, async () => {
	for (const path of [folder, inventory]) chmodSync(path, 0o777);
	const service = await start({ runner: ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"] });
	mkdirSync(join(inventory, "closed"), { mode: 0 });
	await expectSaid(
		service,
		/inventory\/closed \(EACCES\): correct its permissions; the last valid state is still used/,
	);
	expect(await mtuOf(service)).toBe(1000);
	chmodSync(join(inventory, "closed"), 0o755);
	await expectChange(service, 1001);
});

test("links in circles, to itself, to each other and to /usr", { timeout: 120_000 }, async () => {
	const service = await start();
	mkdirSync(join(inventory, "below"));
	symlinkSync("..", join(inventory, "below", "above"));
	symlinkSync("/usr", join(inventory, "usr"));
	symlinkSync("two", join(inventory, "one"));
	symlinkSync("one", join(inventory, "two"));
	const before = cpuTimes(service.pid).all;
	await expectChange(service, 1001);
	symlinkSync("self.yaml", join(inventory, "self.yaml"));
	await expectSaid(service, /self\.yaml \(ELOOP\): it is a link that leads back to itself; remove it/);
	rmSync(join(inventory, "self.yaml"));
	await expectChange(service, 1002);
	const used = (cpuTimes(service.pid).all - before) / 1e6;
	console.log(`CPU time meanwhile: ${used.toFixed(1)} s`);
	// Following the link to /usr took 53 s.
	expect(used).toBeLessThan(10);
});

test("no file descriptors are left", { timeout: 120_000 }, async () => {
	const service = await start({ runner: ["bash", "-c", 'ulimit -n 80; exec "$@"', "bash"] });
	const { port } = new URL(service.guests[0] ?? "");
	const sockets: Socket[] = [];
	try {
		for (let n = 0; n < 80; n++) {
			sockets.push(connect(Number(port), "127.0.0.1").on("error", () => {}));
			await sleep(5);
		}
		write(1001);
		await expectSaid(service, /EMFILE\): raise the process's limit of open files; the last valid state is still used/);
	} finally {
		for (const socket of sockets) socket.destroy();
	}
	await expectChange(service, 1002);
});

test("a neighbouring folder is busy, and the log is written into the inventory", { timeout: 120_000 }, async () => {
	const service = await start({}, openSync(join(inventory, "serve.log"), "a"));
	const before = { at: performance.now(), used: cpuTimes(service.pid).all };
	const neighbour = join(folder, "neighbour");
	mkdirSync(neighbour);
	const timer = setInterval(() => {
		for (let n = 0; n < 20; n++) writeFileSync(join(neighbour, `${n}.yaml`), "servers: []\n");
		appendFileSync(join(inventory, "other.log"), "a line\n");
	}, 10);
	try {
		await sleep(3000);
		const used = (cpuTimes(service.pid).all - before.used) / 1000 / (performance.now() - before.at);
		console.log(`share of a processor meanwhile: ${(used * 100).toFixed(1)} %`);
		expect(used).toBeLessThan(0.5);
		await expectChange(service, 1001);
		await expectChange(service, 1002);
	} finally {
		clearInterval(timer);
	}
});

test("a folder 40 levels deep", { timeout: 120_000 }, async () => {
	const service = await start();
	mkdirSync(join(inventory, ...Array.from({ length: 40 }, () => "d")), { recursive: true });
	await expectSaid(service, /is more than 32 folders deep: correct the path.*; the last valid state is still used/);
	expect(await mtuOf(service)).toBe(1000);
	rmSync(join(inventory, "d"), { recursive: true });
	await expectChange(service, 1001);
});
