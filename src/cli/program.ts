import { Command } from "commander";
import { VERSION } from "../version.ts";
import { type ExitCode, type Io, reportError } from "./frame.ts";

type Load = () => Promise<(io: Io) => Command>;

/** Every command: its line in the help and its module, which is loaded only when the command runs. */
const commands: Readonly<Record<string, readonly [summary: string, load: Load]>> = {
	serve: ["run the metadata service and the operator server", async () => (await import("./serve.ts")).serveCommand],
	show: ["print a document as the guest would get it", async () => (await import("./show.ts")).showCommand],
	tree: ["list every path of an instance's tree, with sizes", async () => (await import("./tree.ts")).treeCommand],
	"config-drive": [
		"build, read or patch a config drive",
		async () => (await import("./config-drive.ts")).configDriveCommand,
	],
	render: [
		"convert network_data.json to native network configuration",
		async () => (await import("./render.ts")).renderCommand,
	],
	check: [
		"check how each guest client handles a network_data.json",
		async () => (await import("./check.ts")).checkCommand,
	],
	snapshot: [
		"save the facts of a running cloud as an inventory",
		async () => (await import("./snapshot.ts")).snapshotCommand,
	],
	password: [
		"print or clear the password that a guest posted",
		async () => (await import("./password.ts")).passwordCommand,
	],
	compare: [
		"compare every document with those of a running nova-api-metadata",
		async () => (await import("./compare.ts")).compareCommand,
	],
	doctor: [
		"check that every part is reachable and configured correctly",
		async () => (await import("./doctor.ts")).doctorCommand,
	],
};

/**
 * Runs one command line.
 *
 * @param args the arguments after the program's name
 * @returns the exit code; errors have already been reported
 */
export async function run(args: readonly string[], io: Io): Promise<ExitCode> {
	const called = args[0] === "help" ? args[1] : args[0];
	const known = called !== undefined && Object.hasOwn(commands, called);
	try {
		const program = await buildProgram((name) => name === called, io);
		await program.parseAsync([...args], { from: "user" });
		return 0;
	} catch (error) {
		return reportError(io, error, known ? `guestwire ${called} --help` : "guestwire --help");
	}
}

/** Every command with its options: what the manual page and the shells' completions are generated from. */
export function completeProgram(io: Io): Promise<Command> {
	return buildProgram(() => true, io);
}

async function buildProgram(isNeeded: (name: string) => boolean, io: Io): Promise<Command> {
	const program = new Command("guestwire")
		.description("Serves network configuration and metadata to cloud guests, over HTTP and on config drives.")
		.version(VERSION, "-V, --version")
		.exitOverride()
		.configureOutput({
			writeOut: (text) => io.stdout.write(text),
			writeErr: (text) => io.stderr.write(text),
			// The error is thrown as well, and is reported by the catch above.
			outputError: () => {},
		});
	for (const [name, [summary, load]] of Object.entries(commands)) {
		const command = isNeeded(name) ? (await load())(io) : new Command(name);
		program.addCommand(command.description(summary).copyInheritedSettings(program));
	}
	return program;
}
