/** The log of `guestwire serve`. */
import { createLog, LOG_BACKLOG, type Log, type LogFile, openLog } from "../service/log.ts";
import { createLogLimit } from "../service/log-limit.ts";
import { stdoutSink } from "../service/log-sink.ts";
import type { InstanceCacheOptions } from "../source/instance-cache.ts";
import type { Io } from "./frame.ts";

/** Milliseconds after the end of the log in which the process has to end too. */
const EXIT_GRACE = 500;

/** The log goes to stdout; in the background if that is the process's own. */
export function logTo({ stdout }: Io, onLost: (lines: number) => void): LogFile {
	if (stdout !== process.stdout) {
		const write = (line: string) => void stdout.write(line);
		return { log: createLog({ write }), append: write, flush: async () => {} };
	}
	surviveHangup();
	const file = openLog(stdoutSink(process.stdout, { backlog: LOG_BACKLOG }), onLost);
	return {
		...file,
		async flush() {
			await file.flush();
			// Lines for a socket that is not read would keep the process from ending.
			setTimeout(() => process.exit(), EXIT_GRACE).unref();
		},
	};
}

/** A service goes on when its terminal or the reader of its log goes away. On SIGHUP there is nothing to reload. */
function surviveHangup(): void {
	process.on("SIGHUP", () => {});
	process.stdout.removeAllListeners("error").on("error", () => {});
}

/** Logs each key at most once per minute. */
export function staleLogger(log: Log): NonNullable<InstanceCacheOptions["onStale"]> {
	const mayLog = createLogLimit();
	return ({ key, ageSeconds, reason }) => {
		if (!mayLog(key)) return;
		log.warn(
			{ key, ageSeconds, detail: reason instanceof Error ? reason.message : String(reason) },
			"served stale data",
		);
	};
}
