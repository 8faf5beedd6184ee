#!/usr/bin/env node
import { run } from "./program.ts";

// A reader that closes the pipe early (`guestwire tree … | head -1`) is not an error.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
	if (error.code !== "EPIPE") throw error;
	process.exit();
});
// Messages that can't be written, to a closed terminal or a full disk, end nothing.
process.stderr.on("error", () => {});

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
