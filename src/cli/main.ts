#!/usr/bin/env node
import { run } from "./program.ts";

onBrokenPipe(process.stdout, () => process.exit());
// A service keeps running when its messages are no longer read.
onBrokenPipe(process.stderr, () => {});

/** A reader that closes the pipe early (`guestwire tree … | head -1`) is not an error. */
function onBrokenPipe(stream: NodeJS.WriteStream, act: () => void): void {
	stream.on("error", (error: NodeJS.ErrnoException) => {
		if (error.code !== "EPIPE") throw error;
		act();
	});
}

function stopSignal(): AbortSignal {
	const controller = new AbortController();
	for (const signal of ["SIGTERM", "SIGINT"]) process.once(signal, () => controller.abort());
	return controller.signal;
}

process.exitCode = await run(process.argv.slice(2), {
	stdin: process.stdin,
	stdout: process.stdout,
	stderr: process.stderr,
	env: process.env,
	isTTY: process.stdout.isTTY === true,
	stopSignal,
});
