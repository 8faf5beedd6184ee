/**
 * All guests of a cloud ask at once: `npm run bench:storm`, or `npm run bench:storm -- COUNT` for another number of servers
 * than 10,000; with `cold` or `filled` only that part. A simulated cloud with measured latencies and a message bus,
 * `guestwire serve` before it, and the guests are processes of their own. Prints what is wanted beside what was measured,
 * and which process took how much of the machine's CPU time; the exit status is 1 if something is missed.
 */
import { readdirSync, readFileSync, statSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { request } from "undici";
import { generated, networkOf } from "./generate.ts";
import { collectedBytes, headersOf } from "./service.ts";
import { type Calls, COST, hasTwoNics, WORKERS } from "./simulated-cloud.ts";
import { type Bus, startBus } from "./storm-bus.ts";
import {
	type Cloud,
	type MeasuredStorm,
	startCloud,
	startService,
	storm,
	untilCurrent,
	untilFilled,
	untilPrepared,
	untilQuiet,
} from "./storm-parts.ts";

const args = process.argv.slice(2);
const COUNT = Number(args.find((argument) => /^\d+$/.test(argument)) ?? 10_000);
const has = (part: string) => !args.some((argument) => /^[a-z]/.test(argument)) || args.includes(part);
const CONNECTIONS = 1000;
const DOCUMENTS = ["network_data.json", "meta_data.json"] as const;
type Document = (typeof DOCUMENTS)[number];

const misses: string[] = [];
/** One line: what was measured, and what is wanted of it. */
function report(what: string, measured: string, wanted?: string, isMet = true): void {
	const verdict = wanted === undefined ? "" : `   wanted: ${wanted}${isMet ? "" : "   MISSED"}`;
	console.log(`  ${what.padEnd(34)} ${measured}${verdict}`);
	if (!isMet) misses.push(what);
}
const seconds = (value: number) => `${value.toFixed(1)} s`;
const perInstance = (bytes: number) =>
	`${Math.round(bytes / 2 ** 20)} MiB, ${(bytes / COUNT / 1024).toFixed(1)} KiB per instance`;

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

const APIS = ["network", "compute"] as const;
const callsIn = ({ before, after }: MeasuredStorm, api: (typeof APIS)[number]) => after[api].calls - before[api].calls;
const busyIn = (before: Calls, after: Calls, api: (typeof APIS)[number]) =>
	(after[api].busy - before[api].busy) / WORKERS / 1000;

function reportCpu({ service, cpu, cloud, others, wall }: MeasuredStorm): void {
	const shares = `service ${seconds(service)}, guests ${seconds(cpu)}, cloud ${seconds(cloud)}, others ${seconds(others)}`;
	report("CPU time", `${shares} of ${cpus().length} × ${seconds(wall)}`);
}

function reportCalls({ before, after }: MeasuredStorm): void {
	for (const api of APIS) {
		const kinds = Object.entries(after[api].kinds).map(([kind, calls]) => [
			calls - (before[api].kinds[kind] ?? 0),
			kind,
		]);
		const made = kinds.filter(([calls]) => calls !== 0).map((pair) => pair.join(" × "));
		if (made.length > 0) report(api === "network" ? "calls to Neutron" : "calls to Nova", made.join(", "));
	}
}

/** Nothing is known: every guest asks at the same moment. */
async function measureCold(cloud: Cloud, bus: Bus | undefined, document: Document, folder: string): Promise<void> {
	const service = await startService(cloud, bus, join(folder, `cold-${document}`));
	const measured = await storm(service, { cloud, document, count: COUNT, connections: COUNT });
	await service.stop();
	const { answered, refused, wall, before, after } = measured;
	const least = minimum(document);
	const neutron = callsIn(measured, "network");
	const busy = (api: (typeof APIS)[number]) => seconds(busyIn(before, after, api));
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
	reportCalls(measured);
	report("the APIs were busy for", `Neutron ${busy("network")}, Nova ${busy("compute")}`);
	report("answers other than 200", `${refused}`);
	reportCpu(measured);
}

/** Everything is known, and no guest has asked yet. */
async function measureWarm(cloud: Cloud, bus: Bus | undefined, document: Document, folder: string): Promise<void> {
	const service = await startService(cloud, bus, folder);
	const empty = await collectedBytes(service.child);
	await untilFilled(service);
	if (bus !== undefined) await untilCurrent(service, bus);
	const current = (performance.now() - service.started) / 1000;
	if (bus !== undefined) await untilPrepared(service);
	const prepared = (performance.now() - service.started) / 1000;
	if (bus !== undefined) await untilQuiet(cloud);
	const digests = digestsOf(document, folder);
	const measured = await storm(service, { cloud, document, count: COUNT, connections: CONNECTIONS, digests });
	const resident = await collectedBytes(service.child);
	await service.stop();
	const { first, p50, p99, wall } = measured;
	const calls = callsIn(measured, "network") + callsIn(measured, "compute");
	console.log(`\nMirror filled, ${document}: ${COUNT} guests' first requests over ${CONNECTIONS} connections`);
	if (bus !== undefined) report("current after the start", seconds(current));
	if (bus !== undefined) report("prepared after the start", seconds(prepared));
	report("answered 200 at once", `${first} of ${COUNT}`, "all", first === COUNT);
	report("latency", `p50 ${p50} ms, p99 ${p99} ms`, "p99 ≤ 250 ms", p99 <= 250);
	report("all answered after", `${seconds(wall)}, ${Math.round(COUNT / wall)} answers per second`);
	report("calls to the APIs", `${calls}`, "0", calls === 0);
	reportCalls(measured);
	reportCpu(measured);
	report("memory", `${Math.round(empty / 2 ** 20)} MiB before; what was added: ${perInstance(resident - empty)}`);
}

async function measureFill(cloud: Cloud, bus: Bus | undefined, folder: string): Promise<void> {
	const before = await cloud.calls();
	const service = await startService(cloud, bus, folder);
	await untilFilled(service);
	const took = (performance.now() - service.started) / 1000;
	const after = await cloud.calls();
	await service.stop();
	const share = (api: (typeof APIS)[number]) => `${Math.round((busyIn(before, after, api) / took) * 100)} %`;
	console.log(`\nFill: ${COUNT} servers`);
	report("filled after", seconds(took));
	report("share of the APIs meanwhile", `Neutron ${share("network")}, Nova ${share("compute")}`);
	const bytes = readdirSync(folder)
		.filter((name) => name.startsWith("state.db"))
		.reduce((sum, name) => sum + statSync(join(folder, name)).size, 0);
	report("database", perInstance(bytes));
}

/** With the cloud away. */
async function measureRestart(cloud: Cloud, folder: string): Promise<void> {
	await cloud.stop();
	const service = await startService(cloud, undefined, folder);
	const { statusCode, body } = await request(`${service.address}/openstack/latest/network_data.json`, {
		headers: headersOf(generated(COUNT - 1)),
	});
	await body.dump();
	const took = performance.now() - service.started;
	console.log("\nRestart, the cloud is away");
	report("first answer", `${statusCode} after ${Math.round(took)} ms`, "200", statusCode === 200);
	for (const document of DOCUMENTS) {
		const before: string[] = JSON.parse(readFileSync(digestsOf(document, folder), "utf8"));
		const digests = join(folder, "again.json");
		const options = { cloud, document, count: COUNT, connections: CONNECTIONS, digests, isAway: true };
		const { first, p50, p99 } = await storm(service, options);
		const after: string[] = JSON.parse(readFileSync(digests, "utf8"));
		const same = before.filter((digest, n) => digest !== null && digest === after[n]).length;
		report(
			`${document}, answered at once`,
			`${first} of ${COUNT}, p50 ${p50} ms, p99 ${p99} ms`,
			"all",
			first === COUNT,
		);
		report("the same bytes as before", `${same} of ${COUNT}`, "all", same === COUNT);
	}
	await service.stop();
}

const digestsOf = (document: Document, folder: string) => join(folder, `${document}.digests`);

const folder = await mkdtemp(join(tmpdir(), "guestwire-storm-"));
await using open = new AsyncDisposableStack();
open.defer(() => rm(folder, { recursive: true }));
const [processor] = cpus();
console.log(`${processor?.model}, ${cpus().length} processors, Node.js ${process.version}`);
const bus = await startBus();
if (bus === undefined) console.log("without a message bus: rabbitmq-server is not installed");
else open.defer(() => bus.stop());
const cloud = await startCloud(COUNT);
if (has("cold")) for (const document of DOCUMENTS) await measureCold(cloud, bus, document, folder);
if (has("filled")) {
	const filled = join(folder, "filled");
	await measureFill(cloud, bus, filled);
	for (const document of DOCUMENTS) await measureWarm(cloud, bus, document, filled);
	await measureRestart(cloud, filled);
} else await cloud.stop();
if (misses.length > 0) process.exitCode = 1;
