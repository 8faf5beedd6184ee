/** The command line as data: what the manual page and the shells' completions are generated from. */
import type { Argument, Command, Option } from "commander";
import type { Io } from "../../src/cli/frame.ts";
import { completeProgram } from "../../src/cli/program.ts";

export interface CommandHelp {
	readonly name: string;
	readonly summary: string;
	/** As the help has it: `[options] <instance> [path]`. */
	readonly usage: string;
	readonly positionals: readonly {
		readonly name: string;
		readonly text: string;
		readonly choices: readonly string[];
	}[];
	readonly options: readonly OptionHelp[];
}

export interface OptionHelp {
	/** `-o`, if there is one. */
	readonly short?: string;
	/** `--output`. */
	readonly long: string;
	/** `<file>`, if it takes a value. */
	readonly value?: string;
	/** One line, with choices and default. */
	readonly text: string;
	readonly choices: readonly string[];
}

/** Every command of `guestwire`, in the order of the help. */
export async function commandLine(): Promise<CommandHelp[]> {
	const program = await completeProgram(NO_IO);
	return program.commands.map((command) => {
		const help = command.createHelp();
		return {
			name: command.name(),
			summary: command.description(),
			usage: command.usage(),
			positionals: help.visibleArguments(command).map((argument: Argument) => ({
				name: argument.name(),
				text: help.argumentDescription(argument),
				choices: argument.argChoices ?? [],
			})),
			options: help.visibleOptions(command).map((option) => optionHelp(command, option)),
		};
	});
}

function optionHelp(command: Command, option: Option): OptionHelp {
	const value = /[<[].*$/.exec(option.flags)?.[0];
	return {
		...(option.short === undefined ? {} : { short: option.short }),
		long: option.long ?? option.flags,
		...(value === undefined ? {} : { value }),
		text: command.createHelp().optionDescription(option),
		choices: option.argChoices ?? [],
	};
}

/** Commands are built and not run. */
const NO_IO: Io = {
	stdin: process.stdin,
	stdout: process.stdout,
	stderr: process.stderr,
	env: {},
	isTTY: false,
	stopSignal: () => new AbortController().signal,
};
