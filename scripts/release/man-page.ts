/** The manual page guestwire(1), in the macros of man(7). */
import type { CommandHelp, OptionHelp } from "./command-line.ts";

export interface PageFacts {
	readonly version: string;
	readonly description: string;
	/** YYYY-MM-DD. */
	readonly date: string;
	readonly homepage: string;
}

/** @returns the page's source */
export function manPage(commands: readonly CommandHelp[], facts: PageFacts): string {
	return [
		`.TH GUESTWIRE 1 ${facts.date} "guestwire ${facts.version}" "User Commands"`,
		".SH NAME",
		"guestwire \\- network configuration and metadata for cloud guests",
		".SH SYNOPSIS",
		".B guestwire",
		".I command",
		"[options]",
		".SH DESCRIPTION",
		escaped(`${facts.description}.`),
		"Results are JSON if standard output is not a terminal.",
		".SH COMMANDS",
		...commands.flatMap(commandSection),
		".SH EXIT STATUS",
		"0 success, 1 failure, 2 wrong usage, 78 a mistake in the configuration.",
		".SH FILES",
		...FILES.flatMap(([path, text]) => [".TP", `.I ${escaped(path)}`, escaped(text)]),
		".SH SEE ALSO",
		escaped(`/usr/share/doc/guestwire/docs, ${facts.homepage}`),
		"",
	].join("\n");
}

const FILES = [
	["/etc/guestwire/guestwire.yaml", "The configuration of the service."],
	["/etc/guestwire/inventory", "For an inventory of your own."],
	[
		"/etc/guestwire/credentials",
		"Secrets, readable by root alone. The service gets each NAME as /run/credentials/guestwire.service/secret_NAME.",
	],
	["/var/lib/guestwire", "The state: keys, passwords that guests posted, the request history and the mirror."],
	["/usr/share/guestwire/examples/inventory", "The inventory of the example, which the configuration names at first."],
	["/run/guestwire", "A folder for unix sockets. Members of the group guestwire may connect."],
] as const;

function commandSection({ name, usage, summary, positionals, options }: CommandHelp): string[] {
	return [
		`.SS "guestwire ${escaped(name)} ${escaped(usage)}"`,
		escaped(`${summary.charAt(0).toUpperCase()}${summary.slice(1)}.`),
		...positionals.flatMap(({ name: positional, text }) => [".TP", `.I ${escaped(positional)}`, escaped(text)]),
		...options.flatMap(optionEntry),
	];
}

function optionEntry({ short, long, value, text }: OptionHelp): string[] {
	const flags = [short, long].flatMap((flag) => flag ?? []).map((flag) => `\\fB${escaped(flag)}\\fR`);
	const suffix = value === undefined ? "" : ` \\fI${escaped(value)}\\fR`;
	return [".TP", `${flags.join(", ")}${suffix}`, escaped(text)];
}

/** Text that roff prints as it is. */
function escaped(text: string): string {
	return text
		.replaceAll("\\", "\\e")
		.replaceAll("-", "\\-")
		.replaceAll('"', "\\(dq")
		.replace(/^([.'])/gm, "\\&$1");
}
