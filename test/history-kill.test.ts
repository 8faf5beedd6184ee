/**
 * `guestwire serve` as a process that is killed while guests ask: what is left of the request history and of passwords,
 * in SQLite and in a real PostgreSQL.
 *
 * @module-tag slow
 */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, onTestFinished, test } from "vitest";
import { decodeRequests } from "../src/service/request-history/request-list.ts";
import { openDatabase, type StateLocation } from "../src/store/database.ts";
import { createHistoryStore } from "../src/store/history-store.ts";
import { createPasswordStore } from "../src/store/password-store.ts";
import { startServe } from "./serve-process.ts";
import { hasPostgres, startPostgres } from "./system/postgres-server.ts";

const GUESTS = 10;
/** How long guests ask before the process is killed, and what may be lost, in milliseconds. */
const ASKING = 7000;
const LOST = 5000;
const DOCUMENTS = ["meta_data.json", "network_data.json"];

let folder: string;
let config: object;
beforeEach(async () => {
	folder = await mkdtemp(join(tmpdir(), "guestwire-kill-"));
	const ids = Array.from({ length: GUESTS }, (_, n) => `vm-${n}`);
	const inventory = {
		networks: [{ id: "lan" }],
		subnets: [{ id: "lan-4", network_id: "lan", cidr: "192.0.2.0/24" }],
		ports: ids.map((id, n) => ({
			id: `port-${n}`,
			device_id: id,
			network_id: "lan",
			fixed_ips: [{ ip_address: `192.0.2.${n + 10}` }],
		})),
	};
	await writeFile(join(folder, "inventory.yaml"), JSON.stringify(inventory));
	config = {
		cloud: { files: { path: "inventory.yaml" } },
		metadata: ids.map((instance) => ({ listen: "127.0.0.1:0", identity: "fixed", instance })),
	};
});
afterEach(() => rm(folder, { recursive: true }));

interface Engine {
	readonly name: string;
	readonly isMissing: boolean;
	/** The state of one test. */
	readonly state: () => Exclude<StateLocation, "memory">;
}

const ENGINES: readonly Engine[] = [
	{ name: "SQLite", isMissing: false, state: () => ({ sqlite: join(folder, "state.db") }) },
	{
		name: "PostgreSQL (apt-get install postgresql)",
		isMissing: !hasPostgres,
		state() {
			const server = startPostgres();
			onTestFinished(() => server.stop());
			return { postgres: server.createDatabase() };
		},
	},
];

for (const { name, isMissing, state } of ENGINES) {
	test.skipIf(isMissing)(
		`a killed process loses at most the last five seconds of the history, and no password that a guest was told is stored: ${name}`,
		() => killAndCompare(state()),
		60_000,
	);
}

async function killAndCompare(location: Exclude<StateLocation, "memory">): Promise<void> {
	const { guests, kill, ended } = await startServe(folder, { ...config, state: location });
	/** When each request was answered, by guest. */
	const answered = guests.map((): number[] => []);
	const stored = new Map<number, string>();
	const until = Date.now() + ASKING;
	const ask = async (base: string, n: number) => {
		for (let round = 0; Date.now() < until; round++) {
			const path = DOCUMENTS[round % DOCUMENTS.length];
			const response = await fetch(`${base}/openstack/latest/${path}`);
			await response.arrayBuffer();
			expect(response.status).toBe(200);
			answered[n]?.push(Date.now());
		}
		// The last thing before the kill: an answer is a promise.
		const body = `password-of-${n}`;
		const post = await fetch(`${base}/openstack/latest/password`, { method: "POST", body });
		expect(post.status).toBe(200);
		stored.set(n, body);
	};
	await Promise.all(guests.map(ask));
	const killedAt = Date.now();
	kill("SIGKILL");
	await ended;

	const state = await openDatabase(location);
	const [history, passwords] = [createHistoryStore(state), createPasswordStore(state)];
	for (const [n, times] of answered.entries()) {
		const line = await history.instance(`vm-${n}`);
		const due = times.filter((at) => at < killedAt - LOST).length;
		expect(due).toBeGreaterThan(0);
		expect(line?.requests).toBeGreaterThanOrEqual(due);
		expect(line?.requests).toBeLessThanOrEqual(times.length + 1);
		expect(decodeRequests(await history.requests(`vm-${n}`)).length).toBe(Math.min(50, line?.requests ?? 0));
		expect(await history.documents(`vm-${n}`)).toHaveLength(DOCUMENTS.length);
		expect(Buffer.from((await passwords.get(`vm-${n}`)) ?? []).toString()).toBe(stored.get(n));
	}
	await state.close();
}
