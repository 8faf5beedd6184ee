/**
 * All guests of a cloud ask at once: `npm run bench:storm`, or `npm run bench:storm -- COUNT` for another number of servers
 * than 10,000. A simulated cloud with measured latencies, `guestwire serve` before it, and the guests are processes of
 * their own. Prints what is wanted beside what was measured; the exit status is 1 if something is missed.
 */
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { readdirSync, statSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { request } from "undici";
import { generated, networkOf } from "./generate.ts";
import { residentBytes } from "./measure.ts";
import { announced, headersOf, spawnServe, stop } from "./service.ts";
import { type Calls, COST, hasTwoNics, WORKERS } from "./simulated-cloud.ts";
import type { Storm } from "./storm-guests.ts";

const COUNT = Number(process.argv[2] ?? 10_000);
const CONNECTIONS = 1000;
const DOCUMENTS = ["network_data.json", "meta_data.json"] as const;
type Document = (typeof DOCUMENTS)[number];
const FILL_TIMEOUT = 1_800_000;

const run = promisify(execFile);
const path = (file: string) => fileURLToPath(new URL(file, import.meta.url));
const documentPath = (document: Document) => `/openstack/latest/${document}`;

const misses: string[] = [];
/** One line: what was measured, and what is wanted of it. */
function report(what: string, measured: string, wanted?: string, isMet = true): void {
	const verdict = wanted === undefined ? "" : `   wanted: ${wanted}${isMet ? "" : "   MISSED"}`;
	console.log(`  ${what.padEnd(34)} ${measured}${verdict}`);
	if (!isMet) misses.push(what);
}
const seconds = (value: number) => `${value.toFixed(1)} s`;

/** Seconds that the APIs' own workers need at least for the facts of a document of every instance, whoever asks. */
function minimum(document: Document): number {
	const two = Array.from({ length: COUNT }, (_, n) => n).filter(hasTwoNics).length;
	const networks = networkOf(COUNT - 1) + 1;
	// 170 ids fit in a request line.
	const calls = Math.ceil(COUNT / 170) + (document === "network_data.json" ? 2 * Math.ceil(networks / 170) : 0);
	const network = calls * COST.call + (COUNT + two + 2 * networks) * COST.port;
	const all = Math.ceil(COUNT / 1000) * COST.call + COUNT * COST.listedServer;
	const servers = document === "network_data.json" ? Math.min(all, two * COST.server) : all;
	const details = document === "meta_data.json" ? two * COST.interfaces + networks * COST.keypair : 0;
	return Math.max(network, servers + details) / WORKERS / 1000;
}

interface Cloud {
	readonly address: string;
	calls(): Promise<Calls>;
	stop(): Promise<void>;
}

async function startCloud(): Promise<Cloud> {
	const child = spawn(process.execPath, [path("simulated-cloud.ts"), `${COUNT}`], {
		stdio: ["ignore", "ignore", "pipe"],
	});
	const address = await announced(child, /http:\/\/\S+/);
	const calls = async () => (await (await request(`${address}/calls`)).body.json()) as Calls;
	return { address, calls, stop: () => stop(child) };
}

interface Service {
	readonly address: string;
	readonly operator: string;
	readonly child: ChildProcess;
	/** When the process was started. */
	readonly started: number;
}

/** @param folder for the state, which outlives the process, and the log */
async function startService(cloud: Cloud, folder: string): Promise<Service> {
	const listen = "127.0.0.1:0";
	const config = {
		cloud: { openstack: {} },
		metadata: [{ listen, identity: "signed" }],
		operator: { listen },
		state: { sqlite: "state.db" },
	};
	const started = performance.now();
	const child = spawnServe(config, folder, {
		env: {
			OS_AUTH_URL: `${cloud.address}/identity`,
			OS_USERNAME: "guestwire",
			OS_PASSWORD: "bench",
			OS_PROJECT_NAME: "service",
		},
	});
	const [address, operator] = await Promise.all([
		announced(child, /http:\/\/127\.0\.0\.1:\d+(?=\/openstack)/),
		announced(child, /http:\/\/127\.0\.0\.1:\d+(?!\d|\/openstack)/),
	]);
	return { address, operator, child, started };
}

async function storm(service: Service, document: Document, connections: number): Promise<Storm> {
	const args = [path("storm-guests.ts"), service.address, documentPath(document), `${COUNT}`, `${connections}`];
	const { stdout } = await run(process.execPath, args);
	return JSON.parse(stdout);
}

/** Nothing is known: every guest asks at the same moment. */
async function measureCold(cloud: Cloud, document: Document, folder: string): Promise<void> {
	const service = await startService(cloud, join(folder, `cold-${document}`));
	const before = await cloud.calls();
	const { answered, refused, wall } = await storm(service, document, COUNT);
	const after = await cloud.calls();
	await stop(service.child);
	const least = minimum(document);
	const neutron = after.network.calls - before.network.calls;
	const busy = (api: "network" | "compute") => seconds((after[api].busy - before[api].busy) / WORKERS / 1000);
	console.log(
		`\nCold, ${document}: ${COUNT} guests over ${COUNT} connections, each again after a second if answered 503`,
	);
	report("guests without an answer", `${COUNT - answered}`, "0", answered === COUNT);
	report(
		"all answered after",
		seconds(wall),
		`${seconds(1.2 * least)}, 1.2 × the APIs' ${seconds(least)}`,
		wall <= 1.2 * least,
	);
	report("calls to Neutron", `${neutron}`, "200 at most", neutron <= 200);
	report("calls to Nova", `${after.compute.calls - before.compute.calls}`);
	report("the APIs were busy for", `Neutron ${busy("network")}, Nova ${busy("compute")}`);
	report("answers other than 200", `${refused}`);
}

/** Everything is known, and no guest has asked yet. */
async function measureWarm(cloud: Cloud, document: Document, folder: string): Promise<void> {
	const service = await startService(cloud, folder);
	await untilFilled(service);
	const before = await cloud.calls();
	const { first, p50, p99, wall } = await storm(service, document, CONNECTIONS);
	const after = await cloud.calls();
	const resident = residentBytes(service.child);
	await stop(service.child);
	const calls = after.network.calls + after.compute.calls - before.network.calls - before.compute.calls;
	console.log(`\nMirror filled, ${document}: ${COUNT} guests' first requests over ${CONNECTIONS} connections`);
	report("answered 200 at once", `${first} of ${COUNT}`, "all", first === COUNT);
	report("latency", `p50 ${p50} ms, p99 ${p99} ms`, "p99 ≤ 250 ms", p99 <= 250);
	report("all answered after", seconds(wall));
	report("calls to the APIs", `${calls}`, "0", calls === 0);
	report(
		"resident memory",
		`${Math.round(resident / 2 ** 20)} MiB, ${(resident / COUNT / 1024).toFixed(1)} KiB per instance`,
	);
}

async function measureFill(cloud: Cloud, folder: string): Promise<void> {
	const before = await cloud.calls();
	const service = await startService(cloud, folder);
	await untilFilled(service);
	const took = (performance.now() - service.started) / 1000;
	const after = await cloud.calls();
	await stop(service.child);
	const share = (api: "network" | "compute") =>
		`${Math.round((after[api].busy - before[api].busy) / took / WORKERS / 10)} %`;
	console.log(`\nFill: ${COUNT} servers`);
	report("filled after", seconds(took));
	report("share of the APIs meanwhile", `Neutron ${share("network")}, Nova ${share("compute")}`);
	const bytes = readdirSync(folder)
		.filter((name) => name.startsWith("state.db"))
		.reduce((sum, name) => sum + statSync(join(folder, name)).size, 0);
	report("database", `${Math.round(bytes / 2 ** 20)} MiB, ${(bytes / COUNT / 1024).toFixed(1)} KiB per instance`);
}

/** With the cloud away. */
async function measureRestart(cloud: Cloud, folder: string): Promise<void> {
	await cloud.stop();
	const service = await startService(cloud, folder);
	const { statusCode, body } = await request(service.address + documentPath("network_data.json"), {
		headers: headersOf(generated(COUNT - 1)),
	});
	await body.dump();
	const took = performance.now() - service.started;
	const { first } = await storm(service, "meta_data.json", CONNECTIONS);
	await stop(service.child);
	console.log("\nRestart, the cloud is away");
	report("first answer", `${statusCode} after ${Math.round(took)} ms`, "200", statusCode === 200);
	report("answered 200 at once", `${first} of ${COUNT}`, "all", first === COUNT);
}

async function untilFilled({ operator }: Service): Promise<void> {
	for (const deadline = performance.now() + FILL_TIMEOUT; performance.now() < deadline; await sleep(200)) {
		const { body } = await request(`${operator}/metrics`);
		if (/^guestwire_mirror_fill_ratio 1$/m.test(await body.text())) return;
	}
	throw new Error("the mirror was not filled in time");
}

const folder = await mkdtemp(join(tmpdir(), "guestwire-storm-"));
try {
	const [processor] = cpus();
	console.log(`${processor?.model}, ${cpus().length} processors, Node.js ${process.version}`);
	const cloud = await startCloud();
	for (const document of DOCUMENTS) await measureCold(cloud, document, folder);
	const filled = join(folder, "filled");
	await measureFill(cloud, filled);
	for (const document of DOCUMENTS) await measureWarm(cloud, document, filled);
	await measureRestart(cloud, filled);
	if (misses.length > 0) process.exitCode = 1;
} finally {
	await rm(folder, { recursive: true });
}
