/** The log. A line is made of the members named here and of nothing else, so no header and no body gets into it. */
import { type DestinationStream, type Logger, pino } from "pino";

export type Log = Pick<Logger, "info" | "warn" | "error">;

/** One request to the metadata service. */
export interface RequestLine {
	readonly identity: string;
	readonly method: string;
	/** The normalised path, without query; absent when there is no such path. */
	readonly path: string | undefined;
	readonly status: number;
	/** Milliseconds. */
	readonly ms: number;
	/** Set once it is known that the request speaks for it. */
	readonly instance?: string | undefined;
	readonly reason?: string | undefined;
	readonly detail?: string | undefined;
}

const LONGEST_PATH = 200;

/** Lines are written when this many characters have come together, or after a second: each write wakes a thread. */
const BATCH = 32 * 1024;
const LONGEST_WAIT = 1000;

/** What is kept while the log's reader stands still; lines beyond are dropped and counted. */
const LARGEST_BACKLOG = 16 * 1024 * 1024;

/** How long, in milliseconds, the last lines are waited for. */
const LAST_WRITE = 1000;

export interface LogFile {
	readonly log: Log;
	/** Writes what is still in memory, as far as it can be, and ends the log: call before the process ends. */
	flush(): Promise<void>;
}

/**
 * JSON lines, written in the background: a request never waits for the disk or for a pipe, and a log that nobody takes
 * any more does not end the service.
 *
 * @param descriptor a file descriptor
 * @param onDrop called with the number of lines that are lost
 */
export function openLog(descriptor: number, onDrop: (lines: number) => void): LogFile {
	const stream = pino.destination({ dest: descriptor, maxLength: LARGEST_BACKLOG, sync: false });
	stream.on("drop", (lines: string) => onDrop(lines.split("\n").length - 1));
	// What could not be written is tried again with the next lines, until there is no room for more.
	stream.on("error", () => {});
	const { write, end } = inBatches((lines) => stream.write(lines));
	return {
		log: createLog({ write }),
		async flush() {
			end();
			await closeStream(stream);
		},
	};
}

/** The stream looks at all that it keeps whenever a line comes: it gets them many at a time. */
function inBatches(writeLines: (lines: string) => void): { write(line: string): void; end(): void } {
	let batch = "";
	const write = () => {
		if (batch !== "") writeLines(batch);
		batch = "";
	};
	const timer = setInterval(write, LONGEST_WAIT).unref();
	return {
		write(line) {
			batch += line;
			if (batch.length >= BATCH) write();
		},
		end() {
			clearInterval(timer);
			write();
		},
	};
}

/** Not by `flushSync`, which tries for ever when the disk is full. */
async function closeStream(stream: ReturnType<typeof pino.destination>): Promise<void> {
	const { promise, resolve } = Promise.withResolvers<void>();
	const timer = setTimeout(resolve, LAST_WRITE);
	stream.once("close", resolve);
	stream.once("error", () => stream.destroy());
	stream.end();
	await promise;
	clearTimeout(timer);
}

export function createLog(stream: DestinationStream): Log {
	return pino({ base: null }, stream);
}

/** Refusals and failures that an operator should look at are warnings; our own faults are errors. */
export function logRequest(log: Log, line: RequestLine): void {
	if (line.status === 500) log.error(line);
	else if (line.status >= 500 || line.status === 403 || line.detail !== undefined) log.warn(line);
	else log.info(line);
}

/** A path as a line may hold it: guests choose its length. */
export function pathInLog(path: string | undefined): string | undefined {
	return path !== undefined && path.length > LONGEST_PATH ? path.slice(0, LONGEST_PATH) : path;
}

/** Milliseconds, to the microsecond. */
export function roundedMs(ms: number): number {
	return Math.round(ms * 1000) / 1000;
}

/** One request to the operator server. */
export interface OperatorLine {
	/** The route, not the target: that may hold anything. */
	readonly operator: string;
	readonly instance: string | undefined;
	readonly status: number;
	/** Milliseconds. */
	readonly ms: number;
}

export function logOperatorRequest(log: Log, line: OperatorLine): void {
	log.info({ ...line, instance: line.instance?.slice(0, LONGEST_PATH) });
}
