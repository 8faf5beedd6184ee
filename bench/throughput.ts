/** Requests per second and latency of one warm document, beside a bare server, in turns on the same machine. */
import { execFile, spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { request } from "undici";
import { generated, writeInventory } from "./generate.ts";
import type { Load } from "./load.ts";
import { announced, headersOf, PATH, SECRET, startService, stop } from "./service.ts";

export interface Throughput {
	readonly connections: number;
	readonly bare: Load;
	readonly guestwire: Load;
	/** Guestwire's requests per second over the bare server's: the median of all rounds. */
	readonly ratio: number;
}

export interface Rounds {
	readonly count: number;
	/** Of one server's turn. */
	readonly seconds: number;
}

const INSTANCES = 100;
const MOST_CONNECTIONS = 64;

/** @param folder for what the servers need */
export async function measureThroughput(folder: string, rounds: Rounds): Promise<Throughput[]> {
	const inventory = join(folder, "inventory");
	await writeInventory(inventory, INSTANCES);
	const guestwire = await startService(inventory, folder);
	const headers = headersOf(generated(0));
	const document = join(folder, "network_data.json");
	writeFileSync(document, await (await request(`${guestwire.address}${PATH}`, { headers })).body.text());
	const bareServer = fileURLToPath(new URL("bare-server.ts", import.meta.url));
	const bare = spawn(process.execPath, [bareServer, SECRET, document], { stdio: ["ignore", "ignore", "pipe"] });
	try {
		const bareAddress = await announced(bare, /^http.+$/);
		const results: Throughput[] = [];
		for (const address of [bareAddress, guestwire.address]) await load(address, MOST_CONNECTIONS, rounds.seconds);
		for (const connections of [1, MOST_CONNECTIONS]) {
			results.push(await compare(bareAddress, guestwire.address, connections, rounds));
		}
		return results;
	} finally {
		await Promise.all([stop(bare), guestwire.stop()]);
	}
}

/** Whoever goes first in one round goes second in the next. */
async function compare(bare: string, guestwire: string, connections: number, rounds: Rounds): Promise<Throughput> {
	const seen: { bare: Load; guestwire: Load }[] = [];
	for (let round = 0; round < rounds.count; round++) {
		const first = await load(round % 2 === 0 ? bare : guestwire, connections, rounds.seconds);
		const second = await load(round % 2 === 0 ? guestwire : bare, connections, rounds.seconds);
		seen.push(round % 2 === 0 ? { bare: first, guestwire: second } : { bare: second, guestwire: first });
	}
	const middle = (pick: (round: (typeof seen)[number]) => number) => median(seen.map(pick));
	const figures = (server: "bare" | "guestwire"): Load => ({
		requestsPerSecond: middle((round) => round[server].requestsPerSecond),
		p50: middle((round) => round[server].p50),
		p99: middle((round) => round[server].p99),
	});
	const ratio = middle((round) => round.guestwire.requestsPerSecond / round.bare.requestsPerSecond);
	return { connections, bare: figures("bare"), guestwire: figures("guestwire"), ratio };
}

const run = promisify(execFile);

async function load(address: string, connections: number, seconds: number): Promise<Load> {
	const client = fileURLToPath(new URL("load.ts", import.meta.url));
	const headers = JSON.stringify(headersOf(generated(0)));
	const args = [client, `${address}${PATH}`, String(connections), String(seconds), headers];
	return JSON.parse((await run(process.execPath, args)).stdout);
}

function median(values: readonly number[]): number {
	const sorted = values.toSorted((a, b) => a - b);
	const upper = sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
	const lower = sorted[Math.floor((sorted.length - 1) / 2)] ?? Number.NaN;
	return (lower + upper) / 2;
}
