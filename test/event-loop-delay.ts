/**
 * Imported into a process that is measured: on SIGUSR2 it reports the longest stalls of its event loop since the last time.
 * The CPU time of one turn says how long others would wait on a machine that has nothing else to do.
 */
import { monitorEventLoopDelay } from "node:perf_hooks";

/** Milliseconds. */
const INTERVAL = 5;

const delay = monitorEventLoopDelay({ resolution: 1 });
delay.enable();
const used = () => {
	const { user, system } = process.threadCpuUsage();
	return (user + system) / 1000;
};
let [last, longest] = [used(), 0];
setInterval(() => {
	const now = used();
	longest = Math.max(longest, now - last);
	last = now;
}, INTERVAL).unref();

process.on("SIGUSR2", () => {
	process.stderr.write(
		`event loop: ${(delay.max / 1e6).toFixed(1)} ms delayed, ${longest.toFixed(1)} ms of CPU time\n`,
	);
	delay.reset();
	longest = 0;
});
