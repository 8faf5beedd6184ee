/**
 * Requests one URL as fast as it is answered, in its own process: a client in the server's process would slow it down.
 * `node bench/load.ts URL CONNECTIONS SECONDS HEADERS-AS-JSON` prints a `Load` as JSON.
 */
import { createHistogram } from "node:perf_hooks";
import autocannon from "autocannon";

export interface Load {
	readonly requestsPerSecond: number;
	/** Microseconds. */
	readonly p50: number;
	readonly p99: number;
	/** This process's own CPU time while it sent requests, in microseconds. */
	readonly cpu: number;
}

const [url = "", connections = "", seconds = "", headers = ""] = process.argv.slice(2);
// autocannon's own histogram has whole milliseconds, and most answers take less than one.
const latencies = createHistogram();
const before = process.cpuUsage();
const run = autocannon({
	url,
	connections: Number(connections),
	duration: Number(seconds),
	headers: JSON.parse(headers),
});
run.on("response", (_client, _status, _bytes, milliseconds) => {
	latencies.record(Math.max(1, Math.round(milliseconds * 1000)));
});
const { "2xx": answered, non2xx, errors, duration } = await run;
if (non2xx + errors > 0) throw new Error(`${non2xx} wrong answers and ${errors} errors from ${url}`);
const { user, system } = process.cpuUsage(before);
const load: Load = {
	requestsPerSecond: answered / duration,
	p50: latencies.percentile(50),
	p99: latencies.percentile(99),
	cpu: user + system,
};
console.log(JSON.stringify(load));
