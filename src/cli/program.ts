import { Command } from "commander";
import { VERSION } from "../version.ts";
import { type ExitCode, type Io, reportError } from "./frame.ts";

type Load = () => Promise<(io: Io) => Command>;

/** Every command: its line in the help, and its module, loaded only when it is called so that start-up is quick. */
const commands: Readonly<Record<string, readonly [summary: string, load: Load]>> = {
	serve: ["the metadata service and the operator server", async () => (await import("./serve.ts")).serveCommand],
	show: ["a document as the guest would get it", async () => (await import("./show.ts")).showCommand],
	tree: ["every path of an instance's tree, with sizes", async () => (await import("./tree.ts")).treeCommand],
	"config-drive": [
		"makes an instance's config drive, or reads one",
		async () => (await import("./config-drive.ts")).configDriveCommand,
	],
	render: ["native configuration from network_data.json", async () => (await import("./render.ts")).renderCommand],
	check: [
		"what is wrong with a network_data.json, client by client",
		async () => (await import("./check.ts")).checkCommand,
	],
	snapshot: ["a living cloud's facts as an inventory", async () => (await import("./snapshot.ts")).snapshotCommand],
	doctor: ["is every part reachable and set up right?", async () => (await import("./doctor.ts")).doctorCommand],
};

/**
 * Runs one command line.
 *
 * @param args what stands after the program's name
 * @returns the exit code; every error was reported
 */
export async function run(args: readonly string[], io: Io): Promise<ExitCode> {
	const called = args[0] === "help" ? args[1] : args[0];
	const known = called !== undefined && Object.hasOwn(commands, called);
	try {
		const program = await buildProgram(known ? called : undefined, io);
		await program.parseAsync([...args], { from: "user" });
		return 0;
	} catch (error) {
		return reportError(io, error, known ? `guestwire ${called} --help` : "guestwire --help");
	}
}

async function buildProgram(called: string | undefined, io: Io): Promise<Command> {
	const program = new Command("guestwire")
		.description("Tells a cloud guest how it is wired.")
		.version(VERSION, "-V, --version")
		.exitOverride()
		.configureOutput({
			writeOut: (text) => io.stdout.write(text),
			writeErr: (text) => io.stderr.write(text),
			// The error comes as an exception too, and is reported there.
			outputError: () => {},
		});
	for (const [name, [summary, load]] of Object.entries(commands)) {
		const command = name === called ? (await load())(io) : new Command(name);
		program.addCommand(command.description(summary).copyInheritedSettings(program));
	}
	return program;
}
