/** Requests per second and latency of one warm document, beside a bare server, in turns on the same machine. */
import { execFile, spawn } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { request } from "undici";
import { generated, writeInventory } from "./generate.ts";
import type { Load } from "./load.ts";
import { announced, headersOf, PATH, SECRET, startService, stop } from "./service.ts";

export interface Throughput {
	readonly connections: number;
	readonly bare: Figures;
	readonly guestwire: Figures;
	/** Guestwire's requests per second over the bare server's: the median of all rounds. */
	readonly ratio: number;
}

interface Figures extends Load {
	/** Microseconds of processor time for a request, all threads together: hardly moved by what else the machine does. */
	readonly processor: number;
}

interface Server {
	readonly address: string;
	readonly pid: number;
}

export interface Rounds {
	readonly count: number;
	/** Of one server's turn. */
	readonly seconds: number;
}

const INSTANCES = 100;
const MOST_CONNECTIONS = 64;
/** Seconds until everything that matters is compiled, also on a busy machine. */
const WARM_UP = 5;

/** @param folder for what the servers need */
export async function measureThroughput(folder: string, rounds: Rounds): Promise<Throughput[]> {
	const inventory = join(folder, "inventory");
	await writeInventory(inventory, INSTANCES);
	const guestwire = await startService(inventory, folder);
	const headers = headersOf(generated(0));
	const document = join(folder, "network_data.json");
	writeFileSync(document, await (await request(`${guestwire.address}${PATH}`, { headers })).body.text());
	const program = fileURLToPath(new URL("bare-server.ts", import.meta.url));
	const bare = spawn(process.execPath, [program, SECRET, document], { stdio: ["ignore", "ignore", "pipe"] });
	try {
		const bareServer = { address: await announced(bare, /^http.+$/), pid: bare.pid ?? 0 };
		const results: Throughput[] = [];
		for (const server of [bareServer, guestwire]) await load(server, MOST_CONNECTIONS, WARM_UP);
		for (const connections of [1, MOST_CONNECTIONS]) {
			results.push(await compare(bareServer, guestwire, connections, rounds));
		}
		return results;
	} finally {
		await Promise.all([stop(bare), guestwire.stop()]);
	}
}

/** Whoever goes first in one round goes second in the next. */
async function compare(bare: Server, guestwire: Server, connections: number, rounds: Rounds): Promise<Throughput> {
	const seen: { bare: Figures; guestwire: Figures }[] = [];
	for (let round = 0; round < rounds.count; round++) {
		const first = await load(round % 2 === 0 ? bare : guestwire, connections, rounds.seconds);
		const second = await load(round % 2 === 0 ? guestwire : bare, connections, rounds.seconds);
		seen.push(round % 2 === 0 ? { bare: first, guestwire: second } : { bare: second, guestwire: first });
	}
	const middle = (pick: (round: (typeof seen)[number]) => number) => median(seen.map(pick));
	const figures = (server: "bare" | "guestwire"): Figures => ({
		requestsPerSecond: middle((round) => round[server].requestsPerSecond),
		p50: middle((round) => round[server].p50),
		p99: middle((round) => round[server].p99),
		processor: middle((round) => round[server].processor),
	});
	const ratio = middle((round) => round.guestwire.requestsPerSecond / round.bare.requestsPerSecond);
	return { connections, bare: figures("bare"), guestwire: figures("guestwire"), ratio };
}

const run = promisify(execFile);

async function load({ address, pid }: Server, connections: number, seconds: number): Promise<Figures> {
	const client = fileURLToPath(new URL("load.ts", import.meta.url));
	const headers = JSON.stringify(headersOf(generated(0)));
	const args = [client, `${address}${PATH}`, String(connections), String(seconds), headers];
	const before = processorTime(pid);
	const figures: Load = JSON.parse((await run(process.execPath, args)).stdout);
	const processor = (processorTime(pid) - before) / (figures.requestsPerSecond * seconds);
	return { ...figures, processor };
}

/** Microseconds that a process has used: proc(5), `utime` and `stime`, in hundredths of a second. */
function processorTime(pid: number): number {
	const [, fields = ""] = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ");
	const [user, system] = fields.split(" ").slice(11, 13);
	return (Number(user) + Number(system)) * 10_000;
}

function median(values: readonly number[]): number {
	const sorted = values.toSorted((a, b) => a - b);
	const upper = sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
	const lower = sorted[Math.floor((sorted.length - 1) / 2)] ?? Number.NaN;
	return (lower + upper) / 2;
}
