/** Imported into a process that is measured: on SIGUSR2 it collects garbage, returns the memory, and reports that. */
import { setTimeout as later } from "node:timers/promises";

/** V8 returns pages in the background, some time after a collection. Milliseconds. */
const RELEASE = 500;

process.on("SIGUSR2", async () => {
	for (let time = 0; time < 3; time++) {
		globalThis.gc?.();
		await later(RELEASE);
	}
	process.stderr.write("collected\n");
});
