#!/usr/bin/env node
import { run } from "./program.ts";

for (const stream of [process.stdout, process.stderr]) {
	stream.on("error", (error: NodeJS.ErrnoException) => {
		// The reader has seen enough (`guestwire tree … | head -1`): nothing is left to do.
		if (error.code === "EPIPE") process.exit();
		throw error;
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
