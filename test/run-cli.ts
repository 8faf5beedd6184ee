/** Runs the command line in this process, as a shell would run it in one of its own. */

import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable, Writable } from "node:stream";
import type { ExitCode } from "../src/cli/frame.ts";
import { run } from "../src/cli/program.ts";

/** Where the commands of one test file keep their state; test/state-home.ts removes it. */
export const stateHome = mkdtempSync(join(process.env["XDG_STATE_HOME"] ?? tmpdir(), "test-"));

export interface CliOptions {
	readonly env?: Readonly<Record<string, string>>;
	readonly isTTY?: boolean;
	readonly stdin?: string | Uint8Array;
}

export interface CliResult {
	readonly code: ExitCode;
	readonly stdout: string;
	readonly stderr: string;
}

/** A command that is running. */
export interface RunningCli {
	/** The next match on stderr, which comes now or later; each match is given once. */
	says(pattern: RegExp): Promise<RegExpExecArray>;
	/** As SIGTERM does. */
	stop(): Promise<CliResult>;
	readonly ended: Promise<CliResult>;
}

export function runCli(args: readonly string[], options?: CliOptions): Promise<CliResult> {
	return startCli(args, options).ended;
}

export function startCli(
	args: readonly string[],
	{ env = {}, isTTY = false, stdin = "" }: CliOptions = {},
): RunningCli {
	const stdout = collector();
	const stderr = collector();
	const stopping = new AbortController();
	const ended = run(args, {
		stdin: Readable.from([stdin]),
		stdout: stdout.stream,
		stderr: stderr.stream,
		env: { XDG_STATE_HOME: stateHome, ...env },
		isTTY,
		stopSignal: () => stopping.signal,
	}).then((code) => ({ code, stdout: stdout.text(), stderr: stderr.text() }));
	return {
		ended,
		says: (pattern) => Promise.race([stderr.match(pattern), ended.then(({ stderr }) => fail(pattern, stderr))]),
		stop() {
			stopping.abort();
			return ended;
		},
	};
}

function fail(pattern: RegExp, stderr: string): never {
	throw new Error(`the command has ended without saying ${pattern}; it said: ${stderr}`);
}

function collector() {
	let chunks: Buffer[] = [];
	const wrote = new EventTarget();
	let passed = 0;
	const text = () => Buffer.concat(chunks).toString();
	const stream = new Writable({
		write(chunk: Buffer, _encoding, done) {
			chunks = [...chunks, chunk];
			wrote.dispatchEvent(new Event("wrote"));
			done();
		},
	});
	async function match(pattern: RegExp): Promise<RegExpExecArray> {
		for (;;) {
			const found = pattern.exec(text().slice(passed));
			if (found) {
				passed += found.index + found[0].length;
				return found;
			}
			await new Promise((resolve) => wrote.addEventListener("wrote", resolve, { once: true }));
		}
	}
	return { stream, text, match };
}
