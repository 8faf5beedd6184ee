/** A RabbitMQ of the test's own: its data, its cookie and its ports. */
import { execFile, spawn } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createConnection } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { freePort } from "../free-port.ts";

const run = promisify(execFile);

export interface RabbitMq {
	readonly port: number;
	/** Without a certificate, nobody listens. */
	readonly tlsPort: number;
	/** The output of `rabbitmqctl`. */
	control(...args: string[]): Promise<string>;
	start(): Promise<void>;
	/** Kills it: connections break without a word. */
	kill(): Promise<void>;
	/** Ends it for good. */
	remove(): Promise<void>;
}

/** PEM files. */
export interface Certificate {
	readonly ca: string;
	readonly cert: string;
	readonly key: string;
}

const ROOT = "/usr/lib/rabbitmq/lib";
const folders = existsSync(ROOT) ? readdirSync(ROOT) : [];

/** Debian's packages put the programs outside of PATH; those on it are for the service's own user. */
export const hasRabbitMq = folders.length > 0;

const program = (name: string) => join(ROOT, folders.at(-1) ?? "", "sbin", name);

export async function startRabbitMq(certificate?: Certificate): Promise<RabbitMq> {
	const folder = mkdtempSync(join(tmpdir(), "guestwire-rabbitmq-"));
	const [port, tlsPort, distPort, mapperPort] = [
		await freePort(),
		await freePort(),
		await freePort(),
		await freePort(),
	];
	const tls = certificate && [
		`listeners.ssl.default = 127.0.0.1:${tlsPort}`,
		`ssl_options.cacertfile = ${certificate.ca}`,
		`ssl_options.certfile = ${certificate.cert}`,
		`ssl_options.keyfile = ${certificate.key}`,
		"ssl_options.verify = verify_peer",
		"ssl_options.fail_if_no_peer_cert = false",
	];
	const config = [`listeners.tcp.default = 127.0.0.1:${port}`, "loopback_users.guest = true", ...(tls ?? [])];
	writeFileSync(join(folder, "rabbitmq.conf"), `${config.join("\n")}\n`);
	writeFileSync(join(folder, "enabled_plugins"), "[].\n");
	const env = {
		PATH: process.env["PATH"],
		HOME: folder,
		LANG: "C.UTF-8",
		RABBITMQ_NODENAME: `guestwire-${port}@localhost`,
		RABBITMQ_DIST_PORT: `${distPort}`,
		RABBITMQ_MNESIA_BASE: join(folder, "data"),
		RABBITMQ_LOG_BASE: join(folder, "log"),
		RABBITMQ_PID_FILE: join(folder, "pid"),
		RABBITMQ_CONF_ENV_FILE: "/dev/null",
		RABBITMQ_CONFIG_FILE: join(folder, "rabbitmq"),
		RABBITMQ_ENABLED_PLUGINS_FILE: join(folder, "enabled_plugins"),
		RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS: "+S 1:1 +sbwt none",
		ERL_EPMD_PORT: `${mapperPort}`,
		ERL_EPMD_ADDRESS: "127.0.0.1",
	};
	const control = async (...args: string[]) => {
		const { stdout } = await run(program("rabbitmqctl"), ["--quiet", ...args], { env });
		return stdout.trim();
	};

	async function start(): Promise<void> {
		const output = join(folder, "output");
		const command = `exec "$0" >>"$1" 2>&1`;
		const child = spawn("sh", ["-c", command, program("rabbitmq-server"), output], { env, stdio: "ignore" });
		const exited = new Promise<never>((_, reject) => {
			child.once("exit", () => {
				// It is killed at the end of the tests, too, and its folder removed.
				const said = existsSync(output) ? readFileSync(output, "utf8") : "";
				reject(new Error(`rabbitmq-server ended: ${said}`));
			});
		});
		exited.catch(() => {});
		await Promise.race([exited, untilOpen(port)]);
	}

	async function kill(): Promise<void> {
		process.kill(Number(readFileSync(join(folder, "pid"), "utf8")), "SIGKILL");
		while (await isOpen(port)) await sleep(20);
	}

	await start();
	return {
		port,
		tlsPort,
		control,
		start,
		kill,
		async remove() {
			await kill().catch(() => {});
			await run("epmd", ["-port", `${mapperPort}`, "-kill"], { env }).catch(() => {});
			rmSync(folder, { recursive: true, force: true });
		},
	};
}

async function untilOpen(port: number): Promise<void> {
	while (!(await isOpen(port))) await sleep(50);
}

function isOpen(port: number): Promise<boolean> {
	return new Promise((resolve) => {
		const socket = createConnection(port, "127.0.0.1");
		const done = (open: boolean) => {
			socket.destroy();
			resolve(open);
		};
		socket.once("connect", () => done(true));
		socket.once("error", () => done(false));
	});
}
