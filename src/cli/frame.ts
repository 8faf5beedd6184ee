/**
 * What all commands share: streams and environment as an argument (so that tests can run commands in-process), the
 * options that select a source, the output of results and errors, and the exit codes.
 */
import { type Command, CommanderError } from "commander";
import { type ErrorCode, GuestwireError } from "../errors.ts";
import { printable } from "../printable.ts";

/** The streams and environment that a command runs in. */
export interface Io {
	readonly stdin: AsyncIterable<Uint8Array | string>;
	readonly stdout: NodeJS.WritableStream;
	readonly stderr: NodeJS.WritableStream;
	readonly env: Readonly<Record<string, string | undefined>>;
	/** Whether stdout is a terminal. If so, results are formatted for people, otherwise for programs. */
	readonly isTTY: boolean;
	/** Aborts on SIGTERM or SIGINT instead of ending the process: for commands that shut down in order. */
	stopSignal(): AbortSignal;
}

/** 0 success, 1 failure, 2 wrong usage, 78 a mistake in the configuration (EX_CONFIG in sysexits.h). */
export type ExitCode = 0 | 1 | 2 | 78;

/** For errors that recur until a person has corrected something. */
const EXIT_CODES: Readonly<Partial<Record<ErrorCode, ExitCode>>> = { usage: 2, config: 78 };

/** The options of every command that reads a source. */
export interface CommonOptions {
	readonly config?: string;
	readonly inventory?: string;
	readonly osCloud?: string;
	readonly json?: boolean;
}

/** Adds `--json`. */
export function jsonOption(command: Command): Command {
	return command.option("--json", "print JSON even on a terminal");
}

/** Adds the options that select a source, and `--json`. */
export function commonOptions(command: Command): Command {
	return jsonOption(
		command
			.option("--config <file>", "configuration file (docs/configuration.md)")
			.option("--inventory <dir>", "read a folder or file of YAML or JSON (docs/inventory.md)")
			.option("--os-cloud <name>", "read an OpenStack cloud, named as in clouds.yaml"),
	);
}

/** Prints a result: as JSON if stdout is not a terminal or `--json` was given, otherwise as `text()`. */
export function printResult(io: Io, options: { readonly json?: boolean }, value: unknown, text: () => string): void {
	const result = wantsJson(io, options) ? JSON.stringify(value, null, io.isTTY ? 2 : undefined) : text();
	io.stdout.write(result.endsWith("\n") ? result : `${result}\n`);
}

/** Whether to print JSON: stdout is not a terminal, or `--json` was given. */
export function wantsJson(io: Io, options: { readonly json?: boolean }): boolean {
	return options.json === true || !io.isTTY;
}

/** Prints a message for the user on stderr, as one line. */
export function say(io: Io, message: string): void {
	io.stderr.write(`guestwire: ${printable(message.replace(/\s*\n\s*/g, " "))}\n`);
}

/**
 * Reports the error that ended a command, as one line, and returns the exit code. Unexpected errors show their stack
 * trace with GUESTWIRE_DEBUG=1.
 *
 * @param helpCommand the command that shows the usage; mentioned if the usage was wrong
 */
export function reportError(io: Io, error: unknown, helpCommand: string): ExitCode {
	if (error instanceof CommanderError) return reportUsage(io, error, helpCommand);
	if (error instanceof GuestwireError) {
		say(io, error.message);
		return EXIT_CODES[error.code] ?? 1;
	}
	const { message, stack } = error instanceof Error ? error : new Error(String(error));
	const debug = io.env["GUESTWIRE_DEBUG"] === "1";
	say(io, `internal error: ${message}${debug ? "" : "; set GUESTWIRE_DEBUG=1 for a stack trace, and report it"}`);
	if (debug) io.stderr.write(`${stack}\n`);
	return 1;
}

/** commander always ends by throwing. Help and version output that the user requested is not an error. */
function reportUsage(io: Io, error: CommanderError, helpCommand: string): ExitCode {
	if (error.exitCode === 0) return 0;
	const helpShown = error.code === "commander.help";
	if (!helpShown) {
		const message = error.message.replace(/^error: /, "").replace(/\.$/, "");
		say(io, `${message}; see ${helpCommand}`);
	}
	return 2;
}
