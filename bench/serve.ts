/**
 * The README's figures about the metadata service: `npm run bench`, or `npm run bench -- --short` for a quick look with
 * less reliable figures.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { measureSize, type Size } from "./size.ts";
import { measureThroughput, type Throughput } from "./throughput.ts";

const short = process.argv.includes("--short");
const rounds = short ? { count: 3, seconds: 1 } : { count: 15, seconds: 2 };
const sizes = [100, 100_000];

const folder = await mkdtemp(join(tmpdir(), "guestwire-bench-"));
try {
	const [processor] = cpus();
	console.log(`${processor?.model}, ${cpus().length} processors, Node.js ${process.version}`);
	console.log(
		"\nGET /openstack/latest/network_data.json; Guestwire and node:http check the signature, Guestwire and nginx write a log",
	);
	for (const result of await measureThroughput(folder, rounds)) reportThroughput(result);
	console.log("\nInventory of generated instances, each document served once");
	for (const size of await measureSize(folder, sizes)) reportSize(size);
} finally {
	await rm(folder, { recursive: true });
}

function reportThroughput({ connections, bare, guestwire, nginx, ratio, cpuRatio }: Throughput): void {
	console.log(`  ${connections} connection${connections === 1 ? "" : "s"}`);
	for (const [name, figures] of Object.entries({ "node:http": bare, guestwire, nginx })) {
		if (figures === undefined) {
			console.log(`    ${name.padEnd(10)} skipped: not installed (test/system/install.sh)`);
			continue;
		}
		const rate = Math.round(figures.requestsPerSecond).toLocaleString("en").padStart(8);
		const latency = `p50 ${figures.p50} µs   p99 ${figures.p99} µs`;
		console.log(
			`    ${name.padEnd(10)}${rate} requests/s   ${latency}   ${figures.cpu.toFixed(1)} µs of CPU per request`,
		);
	}
	const wanted = connections === 1 ? "0.95" : "1.00";
	console.log(`    guestwire / node:http: ${ratio.toFixed(2)} of the requests (target: at least ${wanted})`);
	console.log(`    guestwire / node:http: ${cpuRatio.toFixed(2)} of the CPU time per request (target: at most 1.00)`);
}

function reportSize({ instances, firstAnswer, bytesPerInstance, resident }: Size): void {
	const count = instances.toLocaleString("en").padStart(8);
	const start = `first response after ${Math.round(firstAnswer).toLocaleString("en")} ms`;
	const memory = `${Math.round(resident / 2 ** 20)} MiB resident`;
	const each =
		bytesPerInstance === undefined
			? "the baseline"
			: `${(bytesPerInstance / 1024).toFixed(2)} KiB per instance (target: under 8)`;
	console.log(`  ${count} instances   ${start}   ${memory}, ${each}`);
}
