/**
 * What the request history costs: `npm run bench:history`, or `npm run bench:history -- --short` for a quick look. The
 * same service runs with and without it, in alternating rounds, then 100,000 guests and more fill it. It fails if a target
 * is missed.
 */
import { execFile } from "node:child_process";
import { statSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { fillHistory } from "./fill-history.ts";
import { writeInventory } from "./generate.ts";
import { cpuTimes, median } from "./measure.ts";
import { type Service, startService } from "./service.ts";

const short = process.argv.includes("--short");
const ROUNDS = short ? 4 : 12;
const SECONDS = short ? 3 : 5;
const RATE = 1000;
const GUESTS = 2000;
const WANTED = 0.05;
/** Milliseconds until the last requests have been written, or counted as dropped. */
const WRITTEN = 5000;

const run = promisify(execFile);

interface Round {
	/** Answers per second. */
	readonly rate: number;
	/** Microseconds of CPU time per answer: of the thread that answers, and of all threads. */
	readonly main: number;
	readonly all: number;
}

async function load({ address, pid }: Service, rate?: number): Promise<Round> {
	const program = fileURLToPath(new URL("many-guests.ts", import.meta.url));
	const args = [program, address, String(GUESTS), String(SECONDS), ...(rate === undefined ? [] : [String(rate)])];
	const before = cpuTimes(pid);
	const answered = Number((await run(process.execPath, args)).stdout);
	const after = cpuTimes(pid);
	const [main, all] = [after.main - before.main, after.all - before.all].map((time) => time / (answered * SECONDS));
	return { rate: answered, main: main ?? 0, all: all ?? 0 };
}

async function compare(services: Record<"with" | "without", Service>, rate?: number) {
	const rounds: Record<"with" | "without", Round>[] = [];
	for (let round = 0; round < ROUNDS; round++) {
		const order = round % 2 === 0 ? (["with", "without"] as const) : (["without", "with"] as const);
		const results: Partial<Record<"with" | "without", Round>> = {};
		for (const name of order) results[name] = await load(services[name], rate);
		rounds.push(results as Record<"with" | "without", Round>);
	}
	return (pick: (round: Record<"with" | "without", Round>) => number) => median(rounds.map(pick));
}

/** Says how many requests of a service its history lacks, of how many since it was last asked. */
function dropCounter({ operator }: Service): () => Promise<string> {
	const names = ["history_requests_dropped_total", "requests_total"];
	let before = [0, 0];
	return async () => {
		await sleep(WRITTEN);
		const metrics = await (await fetch(`${operator}/metrics`)).text();
		const now = names.map((name) => {
			const values = metrics.matchAll(new RegExp(`^guestwire_${name}(?:\\{.*\\})? (\\d+)$`, "gm"));
			return Array.from(values, ([, value]) => Number(value)).reduce((sum, value) => sum + value, 0);
		});
		const [dropped = 0, requests = 0] = now.map((value, at) => value - (before[at] ?? 0));
		before = now;
		return `${dropped.toLocaleString("en")} of ${requests.toLocaleString("en")} requests were dropped from the history`;
	};
}

const percent = (share: number) => `${(share * 100).toFixed(1)} %`;
const mebibytes = (bytes: number) => `${Math.round(bytes / 2 ** 20)} MiB`;

const folder = await mkdtemp(join(tmpdir(), "guestwire-bench-"));
try {
	const [processor] = cpus();
	console.log(`${processor?.model}, ${cpus().length} processors, Node.js ${process.version}`);
	const inventory = join(folder, "inventory");
	await writeInventory(inventory, GUESTS);
	const services = {
		with: await startService(inventory, join(folder, "with")),
		without: await startService(inventory, join(folder, "without"), ["without-history.ts"]),
	};
	try {
		const countDropped = dropCounter(services.with);
		for (const service of Object.values(services)) await load(service);
		// Those of the warm-up.
		await countDropped();
		console.log(`\n${GUESTS.toLocaleString("en")} guests request four documents each, in turn`);
		const paced = await compare(services, RATE);
		const [main, all] = [
			paced((round) => round.with.main - round.without.main),
			paced((round) => round.with.all - round.without.all),
		];
		console.log(
			`  at ${RATE.toLocaleString("en")} answers a second the history takes ${main.toFixed(1)} µs per answer of the thread that answers,`,
		);
		console.log(
			`  ${percent((main * RATE) / 1e6)} of a core (target: under ${percent(WANTED)}), and ${all.toFixed(1)} µs of all threads`,
		);
		if ((main * RATE) / 1e6 >= WANTED) process.exitCode = 1;
		console.log(`  ${await countDropped()}`);
		const fast = await compare(services);
		const ratio = fast((round) => round.with.rate / round.without.rate);
		if (ratio <= 1 - WANTED) process.exitCode = 1;
		console.log(
			`  as fast as they are answered: ${ratio.toFixed(2)} of the answers without it (target: over ${1 - WANTED})`,
		);
		console.log(`  ${await countDropped()}`);
	} finally {
		await Promise.all(Object.values(services).map((service) => service.stop()));
	}
	console.log("\nGuests with 60 requests each");
	const file = join(folder, "state.db");
	for await (const { guests, kept, heap } of fillHistory(file, short ? [10_000, 12_000] : [100_000, 120_000])) {
		const size = statSync(file).size;
		console.log(
			`  ${guests.toLocaleString("en").padStart(8)} guests have asked, ${kept.toLocaleString("en")} kept   ${mebibytes(heap)} of heap   ${mebibytes(size)} of state`,
		);
	}
} finally {
	await rm(folder, { recursive: true });
}
