/** Machines made of Linux namespaces, for tests that need a guest and its peers. Needs root. */
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { hasProgram, program } from "./programs.ts";

export interface Ran {
	readonly stdout: string;
	readonly stderr: string;
	readonly code: number;
}

/** A machine with its own interfaces, processes, `/run`, `/tmp` and `/etc`. */
export interface Machine {
	/** The id of its first process. */
	readonly pid: number;
	/** Runs a command line in the machine's shell. */
	run(command: string, input?: string): Promise<Ran>;
	/** Runs a program of the host in the machine's network. */
	watch(name: string, ...args: string[]): Promise<Ran>;
	/** Starts a server in the machine's network, which ends with the machine, and waits for its first output. */
	start(name: string, ...args: string[]): Promise<string>;
	/** The changes of its links, addresses and routes, as `ip monitor` prints them. */
	changes(during: () => Promise<unknown>): Promise<string>;
	/** Ends all of its processes. They also end with the test's process. */
	end(): Promise<void>;
}

/** Whether `startMachine` can run here. */
export const hasMachines =
	process.getuid?.() === 0 && hasProgram("busybox", "ip", "unshare", "nsenter", "ping", "dnsmasq");

const SETUPS = {
	/** Only busybox. */
	busybox: `
		mount -t tmpfs guest /mnt
		cd /mnt
		mkdir bin dev etc proc run sys tmp
		cp "$(command -v busybox)" bin/busybox
		mount --bind /dev dev
		mount -t proc proc proc
		mount -t sysfs sysfs sys
		chroot . /bin/busybox --install -s /bin
		set -- chroot .`,
	/** The host's system: dash and iproute2. */
	debian: `
		mount -t proc proc /proc
		mount -t sysfs sysfs /sys
		mount -t tmpfs tmp /tmp
		mount -t tmpfs run /run
		mkdir /run/upper /run/work
		mount -t overlay etc -o lowerdir=/etc,upperdir=/run/upper,workdir=/run/work /etc
		rm -f /etc/resolv.conf
		set --`,
} as const;
export type System = keyof typeof SETUPS;

/** Starts a machine whose only interface is a loopback that is down. */
export async function startMachine(system: System): Promise<Machine> {
	// The process's own number as the test sees it, before /proc becomes the machine's own.
	const setup = `set -e; read -r pid rest </proc/self/stat; ${SETUPS[system]}
		echo "$pid"
		exec "$@" cat`;
	const args = ["--mount", "--net", "--pid", "--fork", "--kill-child", "--propagation", "private"];
	const holder = spawn(program("unshare"), [...args, "sh", "-c", setup], { stdio: ["pipe", "pipe", "inherit"] });
	const pid = Number(await firstLine(holder.stdout));
	const enter = [`--target=${pid}`, "--net"];
	const started: ChildProcess[] = [];
	const inside = [...enter, "--mount", "--pid", "--root", "--wd", "--"];
	const shell = system === "busybox" ? ["/bin/busybox", "sh"] : ["/bin/dash"];
	return {
		pid,
		run: (command, input) => execute("nsenter", [...inside, ...shell, "-c", command], input),
		watch: (name, ...rest) => execute("nsenter", [...enter, "--", program(name), ...rest]),
		start: async (name, ...rest) => {
			// A program that ends its output would end the tests' own output too, if they shared it.
			const child = spawn("nsenter", [...enter, "--", program(name), ...rest], {
				stdio: ["ignore", "ignore", "pipe"],
			});
			started.push(child);
			return firstLine(child.stderr);
		},
		changes: (during) => changes([...enter, "--"], during),
		end: async () => {
			for (const child of started) child.kill();
			holder.stdin?.end();
			if (holder.exitCode === null) await once(holder, "exit");
		},
	};
}

async function firstLine(output: Readable): Promise<string> {
	for await (const line of createInterface(output)) return line;
	throw new Error("a machine or its server ended immediately");
}

async function changes(enter: readonly string[], during: () => Promise<unknown>): Promise<string> {
	const ip = program("ip");
	const monitor = spawn("nsenter", [...enter, ip, "monitor", "link", "address", "route"]);
	const lines = createInterface(monitor.stdout)[Symbol.asyncIterator]();
	// The monitor is listening once it reports a change of ours, and has reported everything before once it reports another.
	const mark = async (address: string) => {
		for (const verb of ["add", "del"]) await execute("nsenter", [...enter, ip, "route", verb, "unreachable", address]);
	};
	const readTo = async (address: string): Promise<string> => {
		const told: string[] = [];
		for (let line = await lines.next(); !line.done && !line.value.includes(address); line = await lines.next()) {
			told.push(line.value);
		}
		return told.filter((line) => !line.includes("unreachable")).join("\n");
	};
	try {
		const timer = setInterval(mark, 100, "192.0.2.254");
		await readTo("192.0.2.254").finally(() => clearInterval(timer));
		await during();
		await mark("192.0.2.255");
		return await readTo("192.0.2.255");
	} finally {
		monitor.kill();
	}
}

/** A program's exit code and output. Rejects when it can't be run, or runs longer than a minute. */
export function execute(name: string, args: readonly string[], input = ""): Promise<Ran> {
	return new Promise((resolve, reject) => {
		const child = execFile(program(name), args, { timeout: 60_000 }, (error, stdout, stderr) => {
			if (error !== null && typeof error.code !== "number") reject(error);
			else resolve({ stdout, stderr, code: Number(error?.code ?? 0) });
		});
		// A program may end before it has read all of its input.
		child.stdin?.on("error", () => {}).end(input);
	});
}

/** Runs commands in a machine. Each must succeed. */
export async function runAll(machine: Machine, commands: readonly string[]): Promise<void> {
	const { code, stderr } = await machine.run(`set -e\n${commands.join("\n")}\n`);
	if (code !== 0) throw new Error(`failed: ${stderr}${commands.join("\n")}`);
}

/** A cable: an interface in each machine, both down. */
export async function connect(
	one: Machine,
	name: string,
	other: Machine,
	otherName: string,
	otherMac: string,
): Promise<void> {
	const peer = ["peer", "name", otherName, "address", otherMac, "netns", String(other.pid)];
	const { code, stderr } = await one.watch("ip", "link", "add", "name", name, "type", "veth", ...peer);
	if (code !== 0) throw new Error(`no cable: ${stderr}`);
}
