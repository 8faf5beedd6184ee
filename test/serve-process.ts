/** `guestwire serve` as a process of its own. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { onTestFinished } from "vitest";

const MAIN = fileURLToPath(new URL("../src/cli/main.ts", import.meta.url));

export interface ServeProcess {
	/** `http://127.0.0.1:41234` or the socket's path, of each metadata listener. */
	readonly guests: readonly string[];
	/** `http://127.0.0.1:41235` */
	readonly operator: string;
	readonly pid: number;
	/** The processes that it has started. */
	workers(): readonly number[];
	kill(signal: NodeJS.Signals): void;
	/** Resolves to the exit code and the signal that ended it. */
	readonly ended: Promise<readonly [number | null, NodeJS.Signals | null]>;
	/** What it has written to stdout, unless that is a file. */
	log(): string;
	/** The lines that it has written to stderr. */
	readonly said: readonly string[];
	metrics(): Promise<string>;
}

/** How it is started. */
export interface ServeOptions {
	/** A program and its arguments, which executes the rest of its command line. */
	readonly runner?: readonly string[];
	readonly nodeArguments?: readonly string[];
	/** The command line's file. Default: that of the sources. */
	readonly main?: string;
}

/**
 * Starts it, and kills it at the end of the test.
 *
 * @param folder for the configuration, and for the state without `state`
 * @param stdout an open file, or where its log is collected
 */
export async function startServe(
	folder: string,
	config: object,
	env: Readonly<Record<string, string>> = {},
	stdout: "pipe" | number = "pipe",
	{ runner = [], nodeArguments = [], main = MAIN }: ServeOptions = {},
): Promise<ServeProcess> {
	const file = join(folder, "guestwire.yaml");
	writeFileSync(file, JSON.stringify({ operator: { listen: "127.0.0.1:0" }, ...config }));
	const command = [...runner, process.execPath, ...nodeArguments, main, "serve", "--config", file];
	const child = spawn(command[0] ?? "", command.slice(1), {
		stdio: ["ignore", stdout, "pipe"],
		env: { ...process.env, XDG_STATE_HOME: folder, ...env },
	});
	onTestFinished(() => void child.kill("SIGKILL"));
	const lines: string[] = [];
	child.stdout?.on("data", (data: Buffer) => void lines.push(data.toString()));
	const ended = once(child, "exit") as Promise<unknown> as ServeProcess["ended"];
	const said: string[] = [];
	const { guests, operator } = await addressesOf(child, said);
	return {
		...{ guests, operator, ended, said },
		pid: child.pid ?? 0,
		workers: () => childrenOf(child.pid ?? 0),
		kill: (signal) => void child.kill(signal),
		log: () => lines.join(""),
		metrics: async () => (await fetch(`${operator}/metrics`)).text(),
	};
}

async function addressesOf(
	{ stderr }: ChildProcess,
	said: string[],
): Promise<Pick<ServeProcess, "guests" | "operator">> {
	const { promise, resolve, reject } = Promise.withResolvers<Pick<ServeProcess, "guests" | "operator">>();
	const guests: string[] = [];
	const lines = createInterface({ input: stderr as NodeJS.ReadableStream });
	lines.on("line", (line) => {
		said.push(line);
		const [, socket, url] = /curl (?:--unix-socket (\S+)|(http:\/\/[^/\s]+))/.exec(line) ?? [];
		if (line.includes("for guests")) guests.push(socket ?? url ?? "");
		else if (url !== undefined) resolve({ guests, operator: url });
	});
	lines.on("close", () => reject(new Error(`serve did not start: ${said.join("\n")}`)));
	return promise;
}

/** https://www.kernel.org/doc/html/latest/filesystems/proc.html: the children that the main thread has started. */
function childrenOf(pid: number): number[] {
	const text = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8");
	return text.trim() === "" ? [] : text.trim().split(" ").map(Number);
}
