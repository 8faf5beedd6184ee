/**
 * One process that serves guests against two workers and more: `npm run bench:workers`, or `npm run bench:workers -- COUNT`
 * for another number of workers. Alternating rounds; `--short` for a quick look. The exit status is 1 if the target is
 * missed.
 *
 * The load generator is a process of its own and takes CPU time from the same cores. So the CPU time per answer is that of
 * the service's processes alone, all of them together, as the kernel counts it; the generator's is printed beside it. What
 * is left of the machine when both run is printed as idle cores. The computed line says how many answers the CPU time per
 * answer allows if the load came from elsewhere: of one core for one process, of all cores for the workers.
 */
import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { availableParallelism, cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { generated, writeInventory } from "./generate.ts";
import type { Load } from "./load.ts";
import { cpuTimes, median } from "./measure.ts";
import { headersOf, PATH, type Service, startService } from "./service.ts";

const short = process.argv.includes("--short");
const COUNT = Number(process.argv.slice(2).find((argument) => /^\d+$/.test(argument)) ?? 2);
const ROUNDS = short ? 3 : 9;
const SECONDS = short ? 3 : 5;
const CONNECTIONS = 64;
const INSTANCES = 100;
/** What more processes may cost: CPU time per answer. */
const WANTED = 1.1;

const run = promisify(execFile);

interface Round {
	readonly rate: number;
	/** Microseconds of CPU time per answer. */
	readonly service: number;
	readonly generator: number;
	/** Of the machine's CPU time, in microseconds per second. */
	readonly idle: number;
}

/** Microseconds of CPU time of a process and of those that it has started. */
function cpuTimeOf(pid: number): number {
	const children = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim();
	return (children === "" ? [] : children.split(" ")).reduce(
		(sum, child) => sum + cpuTimeOf(Number(child)),
		cpuTimes(pid).all,
	);
}

function idleTime(): number {
	return cpus().reduce((sum, { times }) => sum + times.idle, 0) * 1000;
}

async function load({ address, pid }: Service, isKept: boolean): Promise<Round> {
	const program = fileURLToPath(new URL("load.ts", import.meta.url));
	const headers = { ...headersOf(generated(0)), ...(!isKept && { connection: "close" }) };
	const args = [program, `${address}${PATH}`, `${CONNECTIONS}`, `${SECONDS}`, JSON.stringify(headers)];
	const [before, idle] = [cpuTimeOf(pid), idleTime()];
	const figures: Load = JSON.parse((await run(process.execPath, args)).stdout);
	const answers = figures.requestsPerSecond * SECONDS;
	return {
		rate: figures.requestsPerSecond,
		service: (cpuTimeOf(pid) - before) / answers,
		generator: figures.cpu / answers,
		idle: (idleTime() - idle) / SECONDS,
	};
}

async function compare(services: readonly Service[], isKept: boolean): Promise<Round[]> {
	const rounds: Round[][] = services.map(() => []);
	for (let round = 0; round < ROUNDS; round++) {
		const order = services.map((_, at) => at);
		for (const at of round % 2 === 0 ? order : order.reverse()) {
			rounds[at]?.push(await load(services[at] as Service, isKept));
		}
	}
	const middle = (some: readonly Round[], name: keyof Round) => median(some.map((round) => round[name]));
	return rounds.map((some) => ({
		rate: middle(some, "rate"),
		service: middle(some, "service"),
		generator: middle(some, "generator"),
		idle: middle(some, "idle"),
	}));
}

const folder = await mkdtemp(join(tmpdir(), "guestwire-workers-"));
const inventory = join(folder, "inventory");
await writeInventory(inventory, INSTANCES);
const services: Service[] = [];
try {
	const cores = availableParallelism();
	console.log(`${cpus()[0]?.model}, ${cores} cores, Node.js ${process.version}; ${CONNECTIONS} connections`);
	for (const workers of [1, COUNT])
		services.push(await startService(inventory, join(folder, `${workers}`), [], workers));
	// Until everything that matters is compiled, in each process.
	for (const service of [...services, ...services]) await load(service, true);
	for (const isKept of [true, false]) {
		console.log(isKept ? "\nconnections are kept" : "\na connection for each request, as Neutron's agents make them");
		const [one, several] = await compare(services, isKept);
		if (one === undefined || several === undefined) continue;
		for (const [name, { rate, service, generator, idle }] of Object.entries({
			"1 process": one,
			[`${COUNT} workers`]: several,
		})) {
			const total = `${Math.round(rate).toLocaleString("en")} answers/s`.padStart(18);
			const cpu = `${service.toFixed(1)} µs of CPU per answer (load generator: ${generator.toFixed(1)} µs)`;
			console.log(`  ${name.padEnd(10)}${total}   ${cpu}, ${(idle / 1e6).toFixed(2)} cores idle`);
			const alone = Math.round(((name === "1 process" ? 1 : cores) * 1e6) / service).toLocaleString("en");
			console.log(`${alone.padStart(20)} answers/s, computed: if the service had its cores for itself`);
		}
		const ratio = several.service / one.service;
		const isMet = ratio < WANTED;
		console.log(
			`  CPU time per answer: ${ratio.toFixed(2)} of one process's (target: below ${WANTED.toFixed(2)})${isMet ? "" : "   MISSED"}`,
		);
		if (!isMet) process.exitCode = 1;
	}
} finally {
	for (const service of services) await service.stop();
	await rm(folder, { recursive: true });
}
