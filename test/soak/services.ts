/** The two services of the soak test: one before a cloud, one over an inventory. Both are the program as users run it. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, openSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { announced } from "../../bench/service.ts";

export interface SoakService {
	readonly name: string;
	readonly process: ChildProcess;
	/** Where guests connect. */
	readonly address: string;
	readonly operator: string;
	/** The files of what it has written: stdout and stderr. */
	readonly outputs: readonly string[];
}

/** What the service holds at a moment. */
export interface Usage {
	/** Milliseconds of the performance clock. */
	readonly at: number;
	/** Bytes. */
	readonly resident: number;
	/** The most since the start, attacks included. Bytes. */
	readonly peak: number;
	readonly descriptors: number;
}

const path = (file: string) => fileURLToPath(new URL(file, import.meta.url));

/** @param folder for its configuration, its log, and the state without `state` */
export async function startSoakService(
	name: string,
	folder: string,
	config: object,
	env: Readonly<Record<string, string>>,
): Promise<SoakService> {
	mkdirSync(folder, { recursive: true });
	const file = join(folder, "guestwire.yaml");
	const outputs = [join(folder, "log"), join(folder, "stderr")];
	writeFileSync(file, JSON.stringify({ operator: { listen: "127.0.0.1:0" }, ...config }));
	const args = ["--expose-gc", "--import", path("../../bench/collect-on-signal.ts"), path("../../src/cli/main.ts")];
	const child = spawn(process.execPath, [...args, "serve", "--config", file], {
		env: { ...process.env, XDG_STATE_HOME: folder, ...env },
		stdio: ["ignore", openSync(outputs[0] ?? "", "a"), "pipe"],
	});
	const said = openSync(outputs[1] ?? "", "a");
	child.stderr?.on("data", (data: Buffer) => void writeFileSync(said, data));
	const [address, operator] = await Promise.all([
		announced(child, /http:\/\/127\.\d+\.\d+\.\d+:\d+(?=\/openstack)/),
		announced(child, /http:\/\/127\.0\.0\.1:\d+(?=\/api)/),
	]);
	child.removeAllListeners("exit");
	return { name, process: child, address, operator, outputs };
}

/** After a garbage collection. */
export async function usageOf({ process: child }: SoakService): Promise<Usage> {
	const collected = announced(child, /^collected$/);
	child.kill("SIGUSR2");
	await collected;
	child.removeAllListeners("exit");
	const status = readFileSync(`/proc/${child.pid}/status`, "utf8");
	const bytes = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, "m").exec(status)?.[1]) * 1024;
	const descriptors = readdirSync(`/proc/${child.pid}/fd`).length;
	return { at: performance.now(), resident: bytes("VmRSS"), peak: bytes("VmHWM"), descriptors };
}

/** @returns the exit code, and how long that took in milliseconds */
export async function stopService({ process: child }: SoakService): Promise<{ code: unknown; took: number }> {
	const before = performance.now();
	const exit = once(child, "exit");
	child.kill("SIGTERM");
	const [code] = await exit;
	return { code, took: performance.now() - before };
}

/** A value at a time in milliseconds. */
export interface Point {
	readonly at: number;
	readonly value: number;
}

/** The change per minute of a straight line through the points. */
export function slope(points: readonly Point[]): number {
	const mean = (of: (point: (typeof points)[number]) => number) =>
		points.reduce((sum, point) => sum + of(point), 0) / points.length;
	const [at, value] = [mean((point) => point.at), mean((point) => point.value)];
	const spread = mean((point) => (point.at - at) ** 2);
	return spread === 0 ? 0 : (mean((point) => (point.at - at) * (point.value - value)) / spread) * 60_000;
}
