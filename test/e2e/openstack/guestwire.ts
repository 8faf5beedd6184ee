/** The program under test, as its users start it: `guestwire serve` with a configuration file, in a process of its own. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { freePort } from "../../free-port.ts";
import { eventually } from "./api.ts";
import { laboratoryEnv, STATE } from "./laboratory.ts";

export interface GuestwireOptions {
	/** Keystone's address; the laboratory's own by default. */
	readonly authUrl?: string;
	readonly profile?: "full" | "nova";
	/** Seconds. */
	readonly freshness?: number;
	/** Whether Nova is also asked for the tag of a single NIC. */
	readonly tagsOfSingleNics?: boolean;
	/** The message bus, as a `transport_url`; none by default. */
	readonly bus?: string;
	/** Minutes between two comparisons of everything with the cloud. */
	readonly sweepMinutes?: number;
	/** Members of `vendorData`; the laboratory's cloud is called `laboratory` there. */
	readonly vendorData?: Readonly<Record<string, unknown>>;
}

export interface Guestwire {
	/** The listener with identity `signed`: its port on the loopback. */
	readonly port: number;
	/** The operator server's URL. */
	readonly operator: string;
	/** The listener with identity `network`: a unix socket. */
	readonly socket: string;
	/** A series of /metrics, the sum over its labels, or over those that contain a text; 0 when it isn't there. */
	metric(name: string, labels?: string): Promise<number>;
	/** Whether it is connected to the message bus. */
	hasBus(): Promise<boolean>;
	/** Runs another command to its end, with the same configuration. */
	run(args: readonly string[]): Promise<{ readonly code: number | null; readonly stdout: string }>;
	/** Everything it logged. */
	log(): string;
	/** Still the process that was started. */
	running(): boolean;
	/** Ends it as a service manager does. Gives the exit code. */
	stop(): Promise<number | null>;
}

export async function startGuestwire(options: GuestwireOptions = {}): Promise<Guestwire> {
	const folder = await mkdtemp(join(STATE, "run/guestwire-"));
	const [port, operator] = [await freePort(), await freePort()];
	const socket = join(folder, "network.sock");
	await writeFiles(folder, port, operator, socket, options);
	const serve = [process.execPath, "src/cli/main.ts", "serve", "--config", join(folder, "guestwire.yaml")];
	const env = {
		PATH: process.env["PATH"],
		OS_CLIENT_CONFIG_FILE: join(folder, "clouds.yaml"),
		XDG_STATE_HOME: folder,
		...(options.bus !== undefined && { GUESTWIRE_TRANSPORT_URL: options.bus }),
	};
	// A test run that is killed takes it along.
	const child = spawn("setpriv", ["--pdeathsig", "TERM", ...serve], {
		env,
		stdio: ["ignore", "pipe", "pipe"],
	});
	const output = collect(child);
	const metrics = async () => (await fetch(`http://127.0.0.1:${operator}/metrics`)).text();
	const metric = async (name: string, labels = "") => sum(await metrics(), name, labels);
	await eventually("guestwire is ready", 180, async () => {
		if (child.exitCode !== null) throw new Error(`guestwire ended with ${child.exitCode}: ${output()}`);
		const answer = await fetch(`http://127.0.0.1:${operator}/readyz`).catch(() => undefined);
		return answer?.ok ? true : undefined;
	});
	return {
		port,
		operator: `http://127.0.0.1:${operator}`,
		socket,
		metric,
		hasBus: async () => (await metric("guestwire_signal_up", 'signal="bus"')) === 1,
		async run(args) {
			const command = ["src/cli/main.ts", ...args, "--config", join(folder, "guestwire.yaml")];
			const running = spawn(process.execPath, command, { env, stdio: ["ignore", "pipe", "inherit"] });
			const written = collect(running);
			const [code] = await once(running, "close");
			return { code, stdout: written() };
		},
		log: output,
		running: () => child.exitCode === null,
		async stop() {
			if (child.exitCode === null) {
				child.kill("SIGTERM");
				await once(child, "exit");
			}
			await rm(folder, { recursive: true });
			return child.exitCode;
		},
	};
}

/** Seconds. */
const FILLED = 300;

/** Waits until the mirror is filled. */
export function untilFilled({ metric }: Guestwire): Promise<true> {
	const isFilled = async () => (await metric("guestwire_mirror_fill_ratio")) === 1;
	return eventually("the mirror is filled", FILLED, async () => ((await isFilled()) ? true : undefined));
}

/**
 * Waits until the first comparison with the cloud is over, too: from then on, the bus reports every change.
 *
 * @param change changes something in Neutron and in Nova: nothing but their messages shows that they send any
 */
export async function untilCurrent(guestwire: Guestwire, change: () => Promise<unknown>): Promise<void> {
	await untilFilled(guestwire);
	await eventually("the bus works", FILLED, async () => ((await guestwire.hasBus()) ? true : undefined));
	await change();
	const isCurrent = async () =>
		(await guestwire.hasBus()) && (await guestwire.metric("guestwire_mirror_age_seconds")) < 5;
	await eventually("the mirror is current", FILLED, async () => ((await isCurrent()) ? true : undefined));
}

async function writeFiles(folder: string, port: number, operator: number, socket: string, options: GuestwireOptions) {
	const env = laboratoryEnv();
	const clouds = {
		laboratory: {
			auth: {
				auth_url: options.authUrl ?? env["OS_AUTH_URL"],
				username: env["OS_USERNAME"],
				password: env["OS_PASSWORD"],
				project_name: env["OS_PROJECT_NAME"],
				user_domain_name: "Default",
				project_domain_name: "Default",
			},
			region_name: env["OS_REGION_NAME"],
		},
	};
	const config = {
		cloud: { openstack: { cloud: "laboratory", tagsOfSingleNics: options.tagsOfSingleNics ?? false } },
		metadata: [
			{ listen: `127.0.0.1:${port}`, identity: "signed", sharedSecretFile: "secret" },
			{ listen: `unix:${socket}`, identity: "network" },
		],
		operator: { listen: `127.0.0.1:${operator}` },
		networkData: { profile: options.profile ?? "nova" },
		vendorData: { staticFile: `${STATE}/etc/nova/vendor-data.json`, ...options.vendorData },
		...(options.freshness !== undefined && { freshness: options.freshness }),
		...(options.sweepMinutes !== undefined && { mirror: { sweepMinutes: options.sweepMinutes } }),
	};
	await writeFile(join(folder, "secret"), `${env["GUESTWIRE_SHARED_SECRET"]}\n`, { mode: 0o600 });
	// JSON is YAML.
	await writeFile(join(folder, "clouds.yaml"), JSON.stringify({ clouds }), { mode: 0o600 });
	await writeFile(join(folder, "guestwire.yaml"), JSON.stringify(config));
}

function collect(child: ChildProcess): () => string {
	const chunks: Buffer[] = [];
	for (const stream of [child.stdout, child.stderr]) stream?.on("data", (chunk: Buffer) => chunks.push(chunk));
	return () => Buffer.concat(chunks).toString();
}

function sum(metrics: string, name: string, labels: string): number {
	const series = Array.from(metrics.matchAll(/^(\w+)(\{[^}]*\})? (\S+)$/gm));
	const wanted = series.filter(([, found, its = ""]) => found === name && its.includes(labels));
	return wanted.reduce((total, [, , , value]) => total + Number(value), 0);
}
