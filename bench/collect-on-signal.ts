/** Imported into a process that is measured: on SIGUSR2 its threads collect garbage and return memory, and it reports that. */
import { setTimeout as later } from "node:timers/promises";
import { BroadcastChannel, isMainThread } from "node:worker_threads";

/** V8 returns pages in the background, some time after a collection. Milliseconds. */
const RELEASE = 500;

/** A thread has a heap of its own; signals reach the main thread alone. */
const threads = new BroadcastChannel("collect");
threads.unref();

function collect(): void {
	globalThis.gc?.({ type: "major", execution: "sync", flavor: "last-resort" });
}

if (isMainThread) {
	process.on("SIGUSR2", async () => {
		for (let time = 0; time < 3; time++) {
			threads.postMessage(undefined);
			collect();
			await later(RELEASE);
		}
		process.stderr.write("collected\n");
	});
} else threads.onmessage = collect;
