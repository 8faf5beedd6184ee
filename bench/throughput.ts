/** Requests per second, latency and CPU time for one cached document, compared with other servers in alternating rounds. */
import { execFile, spawn } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { request } from "undici";
import { generated, writeInventory } from "./generate.ts";
import type { Load } from "./load.ts";
import { median } from "./measure.ts";
import { startNginx } from "./nginx.ts";
import { announced, headersOf, PATH, SECRET, startService, stop } from "./service.ts";

export interface Throughput {
	readonly connections: number;
	readonly bare: Figures;
	readonly guestwire: Figures;
	/** Undefined if nginx is not installed. */
	readonly nginx: Figures | undefined;
	/** Guestwire's requests per second divided by the bare server's: the median of all rounds. */
	readonly ratio: number;
	/** Guestwire's CPU time per request divided by the bare server's: the median of all rounds. */
	readonly cpuRatio: number;
}

interface Figures extends Load {
	/** Microseconds of CPU time per request, all threads together: other load on the machine hardly affects it. */
	readonly cpu: number;
}

interface Server {
	readonly address: string;
	readonly pid: number;
}

export interface Rounds {
	readonly count: number;
	/** Length of one server's turn. */
	readonly seconds: number;
}

const INSTANCES = 100;
const MAX_CONNECTIONS = 64;
/** Seconds until everything that matters is compiled, even on a busy machine. */
const WARM_UP = 5;

type Servers = Readonly<Record<"bare" | "guestwire", Server>> & { readonly nginx?: Server | undefined };

/** @param folder for the servers' files */
export async function measureThroughput(folder: string, rounds: Rounds): Promise<Throughput[]> {
	const inventory = join(folder, "inventory");
	await writeInventory(inventory, INSTANCES);
	const guestwire = await startService(inventory, folder);
	const headers = headersOf(generated(0));
	const document = await (await request(`${guestwire.address}${PATH}`, { headers })).body.bytes();
	writeFileSync(join(folder, "network_data.json"), document);
	const program = fileURLToPath(new URL("bare-server.ts", import.meta.url));
	const args = [program, SECRET, join(folder, "network_data.json")];
	const child = spawn(process.execPath, args, { stdio: ["ignore", "ignore", "pipe"] });
	const nginx = await startNginx(folder, document);
	try {
		const bare = { address: await announced(child, /^http.+$/), pid: child.pid ?? 0 };
		for (const server of [bare, guestwire]) await load(server, MAX_CONNECTIONS, WARM_UP);
		const results: Throughput[] = [];
		for (const connections of [1, MAX_CONNECTIONS]) {
			results.push(await compare({ bare, guestwire, nginx }, connections, rounds));
		}
		return results;
	} finally {
		await Promise.all([stop(child), guestwire.stop(), nginx?.stop()]);
	}
}

/** The server that goes first in one round goes last in the next. */
async function compare(servers: Servers, connections: number, rounds: Rounds): Promise<Throughput> {
	type Round = Record<keyof Servers, Figures>;
	const present = Object.entries(servers).filter(([, server]) => server !== undefined);
	const results: Round[] = [];
	for (let round = 0; round < rounds.count; round++) {
		const figures: Partial<Round> = {};
		for (const [name, server] of round % 2 === 0 ? present : present.toReversed()) {
			figures[name as keyof Servers] = await load(server as Server, connections, rounds.seconds);
		}
		results.push(figures as Round);
	}
	const middle = (pick: (round: Round) => number) => median(results.map(pick));
	const figures = (server: keyof Servers): Figures => ({
		requestsPerSecond: middle((round) => round[server].requestsPerSecond),
		p50: middle((round) => round[server].p50),
		p99: middle((round) => round[server].p99),
		cpu: middle((round) => round[server].cpu),
	});
	return {
		...{ connections, bare: figures("bare"), guestwire: figures("guestwire") },
		nginx: servers.nginx && figures("nginx"),
		ratio: middle(({ guestwire, bare }) => guestwire.requestsPerSecond / bare.requestsPerSecond),
		cpuRatio: middle(({ guestwire, bare }) => guestwire.cpu / bare.cpu),
	};
}

const run = promisify(execFile);

async function load({ address, pid }: Server, connections: number, seconds: number): Promise<Figures> {
	const client = fileURLToPath(new URL("load.ts", import.meta.url));
	const headers = JSON.stringify(headersOf(generated(0)));
	const args = [client, `${address}${PATH}`, String(connections), String(seconds), headers];
	const before = cpuTime(pid);
	const figures: Load = JSON.parse((await run(process.execPath, args)).stdout);
	const cpu = (cpuTime(pid) - before) / (figures.requestsPerSecond * seconds);
	return { ...figures, cpu };
}

/** Microseconds of CPU time that a process has used: proc(5), `utime` and `stime`, in hundredths of a second. */
function cpuTime(pid: number): number {
	const [, fields = ""] = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ");
	const [user, system] = fields.split(" ").slice(11, 13);
	return (Number(user) + Number(system)) * 10_000;
}
