/** Imported into a process that is measured: SIGUSR2 makes it collect its garbage, give the memory back, and say so. */
import { setTimeout as later } from "node:timers/promises";

/** V8 gives pages back in the background, a while after it has collected. Milliseconds. */
const RELEASE = 500;

process.on("SIGUSR2", async () => {
	for (let time = 0; time < 3; time++) {
		globalThis.gc?.();
		await later(RELEASE);
	}
	process.stderr.write("collected\n");
});
