/** Guestwire as its users run it, in a process of its own: `guestwire serve` over an inventory, its log in a file. */
import { type ChildProcess, spawn } from "node:child_process";
import { createHmac } from "node:crypto";
import { once } from "node:events";
import { mkdirSync, openSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { request } from "undici";
import { type GeneratedInstance, generated } from "./generate.ts";

export const SECRET = "bench-secret";
export const PATH = "/openstack/latest/network_data.json";

export interface Service {
	/** `http://127.0.0.1:41234` */
	readonly address: string;
	readonly pid: number;
	/** Milliseconds from the start of the process to the last byte of its first answer. */
	readonly firstAnswer: number;
	/** Resident bytes after a garbage collection. */
	residentBytes(): Promise<number>;
	stop(): Promise<void>;
}

const path = (file: string) => fileURLToPath(new URL(file, import.meta.url));

/**
 * @param folder for the configuration, the state and the log
 * @param imports modules of bench/ that the process loads first
 */
export async function startService(
	inventory: string,
	folder: string,
	imports: readonly string[] = [],
	workers = 1,
): Promise<Service> {
	const loaded = ["collect-on-signal.ts", ...imports].flatMap((file) => ["--import", path(file)]);
	const started = performance.now();
	const child = spawnService(inventory, folder, { nodeArguments: ["--expose-gc", ...loaded], workers });
	const address = await announced(child, /http:\/\/127\.0\.0\.1:\d+(?=\/openstack)/);
	const { statusCode, body } = await request(`${address}${PATH}`, { headers: headersOf(generated(0)) });
	await body.text();
	const firstAnswer = performance.now() - started;
	if (statusCode !== 200) throw new Error(`the first answer is ${statusCode}`);
	return {
		address,
		pid: child.pid ?? 0,
		firstAnswer,
		residentBytes: () => residentBytes(child),
		stop: () => stop(child),
	};
}

/** `guestwire serve` on free ports of the loopback, which it announces; see startService. */
export function spawnService(
	inventory: string,
	folder: string,
	{ nodeArguments = [], workers = 1 }: { readonly nodeArguments?: readonly string[]; readonly workers?: number } = {},
): ChildProcess {
	// Not beside the inventory, whose folder is watched.
	const own = join(folder, "service");
	mkdirSync(own, { recursive: true });
	const config = join(own, "guestwire.yaml");
	const listen = "127.0.0.1:0";
	const metadata = [{ listen, identity: "signed" }];
	const cloud = { files: { path: inventory } };
	writeFileSync(config, JSON.stringify({ cloud, metadata, operator: { listen }, workers }));
	return spawn(process.execPath, [...nodeArguments, path("../src/cli/main.ts"), "serve", "--config", config], {
		env: { ...process.env, XDG_STATE_HOME: own, GUESTWIRE_SHARED_SECRET: SECRET },
		stdio: ["ignore", openSync(join(own, "log"), "a"), "pipe"],
	});
}

/** The headers that Neutron's agent sends. */
export function headersOf({ id, projectId }: GeneratedInstance): Record<string, string> {
	return {
		"X-Instance-ID": id,
		"X-Tenant-ID": projectId,
		"X-Instance-ID-Signature": createHmac("sha256", SECRET).update(id).digest("hex"),
		"X-Forwarded-For": "10.0.0.10",
	};
}

/** The first match in a child's stderr, which is read on afterwards. */
export async function announced(child: ChildProcess, wanted: RegExp): Promise<string> {
	const { promise, resolve, reject } = Promise.withResolvers<string>();
	const said: string[] = [];
	if (child.stderr === null) throw new Error("the child's stderr is not a pipe");
	createInterface(child.stderr).on("line", (line) => {
		said.push(line);
		const [match] = wanted.exec(line) ?? [];
		if (match !== undefined) resolve(match);
	});
	child.once("exit", () => reject(new Error(`ended immediately: ${said.join("; ")}`)));
	return promise;
}

export async function stop(child: ChildProcess): Promise<void> {
	child.removeAllListeners("exit");
	const exit = once(child, "exit");
	child.kill("SIGTERM");
	await exit;
}

async function residentBytes(child: ChildProcess): Promise<number> {
	const collected = announced(child, /^collected$/);
	child.kill("SIGUSR2");
	await collected;
	const [, kibibytes] = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${child.pid}/status`, "utf8")) ?? [];
	return Number(kibibytes) * 1024;
}
