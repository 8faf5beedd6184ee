/** Completions of the command line for bash, zsh and fish. */
import type { CommandHelp, OptionHelp } from "./command-line.ts";

/** What follows an option that takes a value. */
const valueKind = ({ value, choices }: OptionHelp) => {
	if (value === undefined) return "none";
	if (choices.length > 0) return "choice";
	return /dir/.test(value) ? "folder" : /file/.test(value) ? "file" : "text";
};

const flagsOf = (option: OptionHelp) => (option.short === undefined ? [option.long] : [option.short, option.long]);

/** For bash 4 and later; needs nothing of the package bash-completion. */
export function bashCompletion(commands: readonly CommandHelp[]): string {
	const cases = commands.map(({ name, options, positionals }) => {
		const values = options
			.filter((option) => valueKind(option) !== "none")
			.map((option) => `\t\t${flagsOf(option).join("|")}) ${bashValue(option)}; return ;;`);
		const words = [...options.flatMap(flagsOf), ...positionals.flatMap(({ choices }) => choices)];
		return [
			`\t${name})`,
			...(values.length > 0 ? ["\t\tcase $previous in", ...values, "\t\tesac"] : []),
			`\t\twords="${words.join(" ")}" ;;`,
		].join("\n");
	});
	return `# bash completion for guestwire
_guestwire() {
	local current=\${COMP_WORDS[COMP_CWORD]} previous=\${COMP_WORDS[COMP_CWORD-1]} words=
	if [[ $COMP_CWORD -eq 1 ]]; then
		COMPREPLY=($(compgen -W "${commands.map(({ name }) => name).join(" ")} --help --version" -- "$current"))
		return
	fi
	case \${COMP_WORDS[1]} in
${cases.join("\n")}
	esac
	COMPREPLY=($(compgen -W "$words" -- "$current"))
}
complete -o default -F _guestwire guestwire
`;
}

function bashValue(option: OptionHelp): string {
	const kind = valueKind(option);
	// Without an answer, bash completes names of files itself.
	if (kind === "file" || kind === "text") return "COMPREPLY=()";
	const source = kind === "folder" ? "-d" : `-W "${option.choices.join(" ")}"`;
	return `COMPREPLY=($(compgen ${source} -- "$current"))`;
}

/** For zsh's compinit. */
export function zshCompletion(commands: readonly CommandHelp[]): string {
	const names = commands.map(({ name, summary }) => `\t\t'${zshText(name)}:${zshText(summary)}'`);
	const cases = commands.map(({ name, options, positionals }) => {
		const specs = [
			...options.flatMap((option) =>
				flagsOf(option).map((flag) => `'${flag}[${zshText(option.text)}]${zshValue(option)}'`),
			),
			...positionals.map(
				({ name: positional, choices }) =>
					`':${positional}:${choices.length > 0 ? `(${choices.join(" ")})` : "_files"}'`,
			),
		];
		return `\t${name}) _arguments ${specs.join(" \\\n\t\t")} ;;`;
	});
	return `#compdef guestwire
_guestwire() {
	local -a commands=(
${names.join("\n")}
	)
	if (( CURRENT == 2 )); then
		_describe command commands
		return
	fi
	local command=$words[2]
	shift words
	(( CURRENT-- ))
	case $command in
${cases.join("\n")}
	esac
}
_guestwire "$@"
`;
}

function zshValue(option: OptionHelp): string {
	const action = {
		none: "",
		text: ":value: ",
		choice: `:value:(${option.choices.join(" ")})`,
		file: ":file:_files",
		folder: ":folder:_files -/",
	};
	return action[valueKind(option)];
}

/** Text within single quotes, in which brackets and colons have no meaning. */
const zshText = (text: string) => text.replaceAll("'", "'\\''").replace(/[[\]:]/g, "\\$&");

/** For fish 3 and later. */
export function fishCompletion(commands: readonly CommandHelp[]): string {
	const quoted = (text: string) => `'${text.replace(/['\\]/g, "\\$&")}'`;
	const lines = commands.flatMap(({ name, summary, options, positionals }) => {
		const within = `complete -c guestwire -n '__fish_seen_subcommand_from ${name}'`;
		const choices = positionals.flatMap((positional) => positional.choices);
		return [
			`complete -c guestwire -n __fish_use_subcommand -f -a ${name} -d ${quoted(summary)}`,
			...(choices.length > 0 ? [`${within} -a ${quoted(choices.join(" "))}`] : []),
			...options.map((option) => {
				const short = option.short === undefined ? "" : ` -s ${option.short.slice(1)}`;
				return `${within}${short} -l ${option.long.slice(2)}${fishValue(option, quoted)} -d ${quoted(option.text)}`;
			}),
		];
	});
	return `# fish completion for guestwire\n${lines.join("\n")}\n`;
}

function fishValue(option: OptionHelp, quoted: (text: string) => string): string {
	const value = {
		none: "",
		text: " -x",
		choice: ` -x -a ${quoted(option.choices.join(" "))}`,
		file: " -r -F",
		folder: " -x -a '(__fish_complete_directories)'",
	};
	return value[valueKind(option)];
}
