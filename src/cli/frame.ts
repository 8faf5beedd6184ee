/**
 * What every command shares: its input and output as an argument (so that tests run commands in-process), the options
 * that name a source, the form of results and errors, the exit codes.
 */
import { type Command, CommanderError } from "commander";
import { GuestwireError } from "../errors.ts";

/** A command's surroundings. */
export interface Io {
	readonly stdin: AsyncIterable<Uint8Array | string>;
	readonly stdout: NodeJS.WritableStream;
	readonly stderr: NodeJS.WritableStream;
	readonly env: Readonly<Record<string, string | undefined>>;
	/** Whether stdout is a terminal: results are for a person then, for a program otherwise. */
	readonly isTTY: boolean;
	/** Asks to be told of SIGTERM and SIGINT instead of being ended by them: for commands that end in order. */
	stopSignal(): AbortSignal;
}

/** 0 done, 1 failed, 2 wrong usage. */
export type ExitCode = 0 | 1 | 2;

/** The options that every command on a source takes. */
export interface CommonOptions {
	readonly config?: string;
	readonly inventory?: string;
	readonly osCloud?: string;
	readonly json?: boolean;
}

/** Adds `--json`. */
export function jsonOption(command: Command): Command {
	return command.option("--json", "JSON also on a terminal");
}

/** Adds the options that name a source, and `--json`. */
export function commonOptions(command: Command): Command {
	return jsonOption(
		command
			.option("--config <file>", "configuration (docs/configuration.md)")
			.option("--inventory <dir>", "facts from a folder or file of YAML or JSON (docs/inventory.md)")
			.option("--os-cloud <name>", "facts from an OpenStack cloud, an entry of clouds.yaml"),
	);
}

/** Writes a result: JSON where stdout is no terminal or `--json` was given, else `text()`, which a person reads. */
export function printResult(io: Io, options: { readonly json?: boolean }, value: unknown, text: () => string): void {
	const result = wantsJson(io, options) ? JSON.stringify(value, null, io.isTTY ? 2 : undefined) : text();
	io.stdout.write(result.endsWith("\n") ? result : `${result}\n`);
}

/** Whether results are for a program: stdout is no terminal, or `--json` was given. */
export function wantsJson(io: Io, options: { readonly json?: boolean }): boolean {
	return options.json === true || !io.isTTY;
}

/** Says something to the person, beside the result: one line on stderr. */
export function say(io: Io, message: string): void {
	io.stderr.write(`guestwire: ${oneLine(message)}\n`);
}

/**
 * Reports what a command was ended by, in one line, and gives the exit code. Only what nobody expected has a stack to
 * show, with GUESTWIRE_DEBUG=1.
 *
 * @param helpCommand what shows the right usage, named when the usage was wrong
 */
export function reportError(io: Io, error: unknown, helpCommand: string): ExitCode {
	if (error instanceof CommanderError) return reportUsage(io, error, helpCommand);
	if (error instanceof GuestwireError) {
		say(io, error.message);
		return error.code === "usage" ? 2 : 1;
	}
	const { message, stack } = error instanceof Error ? error : new Error(String(error));
	const debug = io.env["GUESTWIRE_DEBUG"] === "1";
	say(io, `unexpected: ${message}${debug ? "" : " (GUESTWIRE_DEBUG=1 shows where)"}`);
	if (debug) io.stderr.write(`${stack}\n`);
	return 1;
}

/** commander ends by an exception in any case; help and version that were asked for are no errors. */
function reportUsage(io: Io, error: CommanderError, helpCommand: string): ExitCode {
	if (error.exitCode === 0) return 0;
	const helpShown = error.code === "commander.help";
	if (!helpShown) {
		const message = error.message.replace(/^error: /, "").replace(/\.$/, "");
		say(io, `${message}; see ${helpCommand}`);
	}
	return 2;
}

/** Names in it can be anybody's: what would drive the terminal is shown as `\u001b`. */
function oneLine(message: string): string {
	const escaped = (character: string) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
	// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
	return message.replace(/\s*\n\s*/g, " ").replace(/[\u0000-\u001f\u007f-\u009f]/g, escaped);
}
