/** Where the log's lines go: in the background, never waiting for a disk or a reader. */
import { constants, fstatSync, openSync } from "node:fs";
import { Socket } from "node:net";
import type { Writable } from "node:stream";
import { finished } from "node:stream/promises";
import { pino } from "pino";

export interface LogSink {
	/** Takes lines to write them later; false if there is no room or no reader for them: they are lost. */
	write(lines: string): boolean;
	/** Writes what is left, as far as that is possible within a second, and ends. */
	close(): Promise<void>;
}

export interface LogSinkOptions {
	/** Characters that may wait to be written; lines beyond are lost. */
	readonly backlog: number;
}

/** Milliseconds that the last lines may take. */
const LAST_WRITE = 1000;
/** Milliseconds between two attempts to find a reader. */
const RETRY = 1000;

/**
 * The sink for standard output. A file can be written in the background by another thread. On a pipe that nobody reads
 * that thread would be stuck, and the process could not end: pipes and sockets are written without blocking.
 */
export function stdoutSink(stdout: NodeJS.WriteStream & { readonly fd: number }, options: LogSinkOptions): LogSink {
	const stat = fstatSync(stdout.fd);
	if (stat.isFIFO()) return streamSink(() => openPipe(stdout.fd) ?? writable(stdout), options);
	return stat.isSocket() ? streamSink(() => writable(stdout), options) : fileSink(stdout.fd, options);
}

/** @param descriptor of a file or a device */
export function fileSink(descriptor: number, { backlog }: LogSinkOptions): LogSink {
	const stream = pino.destination({ dest: descriptor, maxLength: backlog, sync: false });
	let isDropped = false;
	let isClosed = false;
	stream.on("drop", () => {
		isDropped = true;
	});
	// What could not be written is tried again with the next lines, until there is no room for more.
	stream.on("error", () => {});
	return {
		write(lines) {
			// The stream would throw.
			if (isClosed) return false;
			isDropped = false;
			stream.write(lines);
			return !isDropped;
		},
		async close() {
			isClosed = true;
			const { promise, resolve } = Promise.withResolvers<void>();
			const timer = setTimeout(resolve, LAST_WRITE);
			stream.once("close", resolve);
			// `flushSync` would try for ever if the disk is full.
			stream.once("error", () => stream.destroy());
			stream.end();
			await promise;
			clearTimeout(timer);
		},
	};
}

/** @param open finds a reader, again after the last one has gone; undefined if there is none */
export function streamSink(open: () => Writable | undefined, { backlog }: LogSinkOptions): LogSink {
	let stream: Writable | undefined;
	let retryAt = Number.NEGATIVE_INFINITY;
	const current = (): Writable | undefined => {
		if (stream?.writable) return stream;
		if (performance.now() < retryAt) return undefined;
		retryAt = performance.now() + RETRY;
		stream = open();
		stream?.on("error", () => {});
		return stream;
	};
	return {
		write(lines) {
			const to = current();
			if (to === undefined || to.writableLength + lines.length > backlog) return false;
			to.write(lines);
			return true;
		},
		async close() {
			if (stream === undefined) return;
			const signal = AbortSignal.timeout(LAST_WRITE);
			stream.end();
			await finished(stream, { signal, readable: false }).catch(() => {});
			stream.destroy();
		},
	};
}

function writable(stream: Writable): Writable | undefined {
	return stream.writable ? stream : undefined;
}

/**
 * A pipe opened a second time, so that not blocking is a matter of this process only, and so that it can be opened again
 * when a new reader comes. Undefined without a reader, or if another user made the pipe.
 */
function openPipe(descriptor: number): Socket | undefined {
	try {
		const fd = openSync(`/proc/self/fd/${descriptor}`, constants.O_WRONLY | constants.O_NONBLOCK);
		return new Socket({ fd, readable: false, writable: true });
	} catch {
		return undefined;
	}
}
