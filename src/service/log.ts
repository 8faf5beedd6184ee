/** The log. A line consists of the members named here and nothing else, so that no header and no body gets into it. */
import { type DestinationStream, type Logger, pino } from "pino";
import { printableJson } from "../printable.ts";
import type { LogSink } from "./log-sink.ts";

export interface Log extends Pick<Logger, "info" | "warn" | "error"> {
	/** One line per request: pino would take longer for it than the rest of a cached response takes. */
	request(line: RequestLine): void;
}

/** One request to the metadata service. */
export interface RequestLine {
	readonly identity: string;
	readonly method: string;
	/** The normalized path, without query; absent if no document can have it. */
	readonly path: string | undefined;
	readonly status: number;
	/** Milliseconds. */
	readonly ms: number;
	/** Present once the request has proved to speak for it. */
	readonly instance?: string | undefined;
	readonly reason?: string | undefined;
	readonly detail?: string | undefined;
}

/** Characters of a path or an id. */
const MAX_TEXT = 200;

/** Lines are written when they have this many characters together, or after a second: each write wakes a thread. */
const BATCH = 128 * 1024;
const MAX_WAIT = 1000;

/** Characters that are kept while nothing can be written. Lines beyond are lost. */
export const LOG_BACKLOG = 16 * 1024 * 1024;

export interface LogFile {
	readonly log: Log;
	/** Writes lines that another process has made. */
	append(lines: string): void;
	/** Writes what is still in memory, as far as possible, and ends the log: call it before the process ends. */
	flush(): Promise<void>;
}

/**
 * JSON lines, written in the background: a request never waits for a disk or a pipe, and a log that nobody reads does
 * not end the service. Once lines can be written again, one of them says how many were lost.
 *
 * @param onLost called with the number of lines that are lost
 */
export function openLog(sink: LogSink, onLost: (lines: number) => void): LogFile {
	let lost = 0;
	const reportLost = () => {
		let isWritten = false;
		const write = (line: string) => {
			isWritten = sink.write(line);
		};
		if (lost > 0) createLog({ write }).warn({ lost }, "log lines were lost because the log was not read");
		if (isWritten) lost = 0;
	};
	const append = (lines: string) => {
		if (sink.write(lines)) return reportLost();
		const count = lines.split("\n").length - 1;
		lost += count;
		onLost(count);
	};
	const { write, end } = inBatches(append, reportLost);
	return {
		log: createLog({ write }),
		append,
		async flush() {
			end();
			await sink.close();
		},
	};
}

/**
 * A sink looks at everything that it keeps whenever a line comes, so it gets many lines at a time.
 *
 * @param idle called each second without a line, and at the end
 */
function inBatches(writeLines: (lines: string) => void, idle: () => void): { write(line: string): void; end(): void } {
	let batch = "";
	const write = () => {
		if (batch !== "") writeLines(batch);
		batch = "";
	};
	const timer = setInterval(() => (batch === "" ? idle() : write()), MAX_WAIT).unref();
	return {
		write(line) {
			batch += line;
			if (batch.length >= BATCH) write();
		},
		end() {
			clearInterval(timer);
			write();
			idle();
		},
	};
}

/** @param stream gets lines that control no terminal, whatever a guest sent */
export function createLog(stream: DestinationStream): Log {
	const write = (json: string) => stream.write(`${printableJson(json)}\n`);
	const logger = pino({ base: null }, { write: (line) => write(line.trimEnd()) });
	return {
		info: logger.info.bind(logger),
		warn: logger.warn.bind(logger),
		error: logger.error.bind(logger),
		request: (line) => write(requestJson(line)),
	};
}

/** The members one by one: a spread would take as long as all the rest. */
function requestJson(line: RequestLine): string {
	const { identity, method, path, status, ms, instance, reason, detail } = line;
	const time = Date.now();
	return JSON.stringify({ level: levelOf(line), time, identity, method, path, status, ms, instance, reason, detail });
}

/** Refusals and failures that an operator should look at are warnings. Bugs are errors. */
function levelOf({ status, detail }: RequestLine): number {
	const { info, warn, error } = pino.levels.values as Record<"info" | "warn" | "error", number>;
	if (status === 500) return error;
	return status > 500 || status === 403 || detail !== undefined ? warn : info;
}

/** A path as the log holds it: guests choose its length. */
export function pathInLog(path: string | undefined): string | undefined {
	return path !== undefined && path.length > MAX_TEXT ? path.slice(0, MAX_TEXT) : path;
}

/** Milliseconds, to the microsecond. */
export function roundedMs(ms: number): number {
	return Math.round(ms * 1000) / 1000;
}

/** One request to the operator server. */
export interface OperatorLine {
	/** The route, not the target, which may contain anything. */
	readonly operator: string;
	readonly instance: string | undefined;
	readonly status: number;
	/** Milliseconds. */
	readonly ms: number;
}

export function logOperatorRequest(log: Log, line: OperatorLine): void {
	log.info({ ...line, instance: line.instance?.slice(0, MAX_TEXT) });
}
