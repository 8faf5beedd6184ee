/**
 * Every figure of the metadata service that the README gives: `npm run bench`, or `npm run bench -- --short` for a quick
 * look whose figures are worth less.
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
	console.log("\nGET /openstack/latest/network_data.json, signature checked, request log on");
	for (const result of await measureThroughput(folder, rounds)) reportThroughput(result);
	console.log("\nInventory of generated instances, each one's document served once");
	for (const size of await measureSize(folder, sizes)) reportSize(size);
} finally {
	await rm(folder, { recursive: true });
}

function reportThroughput({ connections, bare, guestwire, ratio }: Throughput): void {
	console.log(`  ${connections} connection${connections === 1 ? "" : "s"}`);
	for (const [name, figures] of Object.entries({ "node:http": bare, guestwire })) {
		const rate = Math.round(figures.requestsPerSecond).toLocaleString("en").padStart(8);
		const latency = `p50 ${figures.p50} µs   p99 ${figures.p99} µs`;
		const processor = `${figures.processor.toFixed(1)} µs of processor a request`;
		console.log(`    ${name.padEnd(10)}${rate} requests/s   ${latency}   ${processor}`);
	}
	console.log(`    ratio     ${ratio.toFixed(2).padStart(8)} (at least 0.80 is wanted)`);
}

function reportSize({ instances, firstAnswer, bytesPerInstance, resident }: Size): void {
	const count = instances.toLocaleString("en").padStart(8);
	const start = `first answer after ${Math.round(firstAnswer).toLocaleString("en")} ms`;
	const memory = `${Math.round(resident / 2 ** 20)} MiB resident`;
	const each = bytesPerInstance === undefined ? "the floor" : `${(bytesPerInstance / 1024).toFixed(2)} KiB an instance`;
	console.log(`  ${count} instances   ${start}   ${memory}, ${each}${instances < 1000 ? "" : " (under 8 are wanted)"}`);
}
