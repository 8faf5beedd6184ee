/** Guestwire as its users run it, in a process of its own: `guestwire serve` over an inventory, its log in a file. */
import { type ChildProcess, spawn } from "node:child_process";
import { createHmac } from "node:crypto";
import { once } from "node:events";
import { mkdirSync, openSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { request } from "undici";
import { type GeneratedInstance, generated } from "./generate.ts";
import { residentBytes } from "./measure.ts";

export const SECRET = "bench-secret";
export const PATH = "/openstack/latest/network_data.json";

export interface Service {
	/** `http://127.0.0.1:41234` */
	readonly address: string;
	/** The same of the operator server. */
	readonly operator: string;
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
	// Not beside the inventory, whose folder is watched.
	const child = spawnServe({ ...configOf(inventory), workers }, join(folder, "service"), {
		nodeArguments: ["--expose-gc", ...loaded],
	});
	const [address, operator] = await Promise.all([
		announced(child, /http:\/\/127\.0\.0\.1:\d+(?=\/openstack)/),
		announced(child, /http:\/\/127\.0\.0\.1:\d+(?=\/api)/),
	]);
	const { statusCode, body } = await request(`${address}${PATH}`, { headers: headersOf(generated(0)) });
	await body.text();
	const firstAnswer = performance.now() - started;
	if (statusCode !== 200) throw new Error(`the first answer is ${statusCode}`);
	return {
		address,
		operator,
		pid: child.pid ?? 0,
		firstAnswer,
		residentBytes: () => collectedBytes(child),
		stop: () => stop(child),
	};
}

/**
 * Runs `guestwire serve`.
 *
 * @param folder for the configuration, the log, and the state unless `config` has another place for it
 */
export function spawnServe(
	config: object,
	folder: string,
	{
		nodeArguments = [],
		env = {},
	}: { readonly nodeArguments?: readonly string[]; readonly env?: NodeJS.ProcessEnv } = {},
): ChildProcess {
	mkdirSync(folder, { recursive: true });
	const file = join(folder, "guestwire.yaml");
	writeFileSync(file, JSON.stringify(config));
	return spawn(process.execPath, [...nodeArguments, path("../src/cli/main.ts"), "serve", "--config", file], {
		env: { ...process.env, XDG_STATE_HOME: folder, GUESTWIRE_SHARED_SECRET: SECRET, ...env },
		stdio: ["ignore", openSync(join(folder, "log"), "a"), "pipe"],
	});
}

/** A configuration on free ports of the loopback. */
export function configOf(inventory: string) {
	const listen = "127.0.0.1:0";
	return { cloud: { files: { path: inventory } }, metadata: [{ listen, identity: "signed" }], operator: { listen } };
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
	const { stderr } = child;
	const lines = createInterface(stderr).on("line", (line) => {
		said.push(line);
		const [match] = wanted.exec(line) ?? [];
		if (match === undefined) return;
		resolve(match);
		lines.close();
		// The child must not wait for a reader.
		stderr.resume();
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

export async function collectedBytes(child: ChildProcess): Promise<number> {
	const collected = announced(child, /^collected$/);
	child.kill("SIGUSR2");
	await collected;
	return residentBytes(child);
}
