/** What the storm consists of, each in processes of its own: the simulated cloud, the service and the guests. */
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { request } from "undici";
import { cpuTimes } from "./measure.ts";
import { announced, spawnServe, stop } from "./service.ts";
import type { Calls } from "./simulated-cloud.ts";
import type { Bus } from "./storm-bus.ts";
import type { Storm } from "./storm-guests.ts";

const run = promisify(execFile);
const path = (file: string) => fileURLToPath(new URL(file, import.meta.url));
const TIMEOUT = 7_200_000;

export interface Cloud {
	readonly address: string;
	calls(): Promise<Calls>;
	stop(): Promise<void>;
}

export async function startCloud(count: number): Promise<Cloud> {
	const child = spawn(process.execPath, [path("simulated-cloud.ts"), `${count}`], {
		stdio: ["ignore", "ignore", "pipe"],
	});
	const address = await announced(child, /http:\/\/\S+/);
	const calls = async () => (await (await request(`${address}/calls`)).body.json()) as Calls;
	return { address, calls, stop: () => stop(child) };
}

export interface Service {
	readonly address: string;
	readonly operator: string;
	readonly child: ChildProcess;
	/** When the process was started. */
	readonly started: number;
	stop(): Promise<void>;
}

/** @param folder for the state, which outlives the process, and the log */
export async function startService(cloud: Cloud, bus: Bus | undefined, folder: string): Promise<Service> {
	const listen = "127.0.0.1:0";
	const config = {
		cloud: { openstack: {} },
		metadata: [{ listen, identity: "signed" }],
		operator: { listen },
		state: { sqlite: "state.db" },
	};
	const started = performance.now();
	const child = spawnServe(config, folder, {
		nodeArguments: ["--expose-gc", "--import", path("collect-on-signal.ts")],
		env: {
			OS_AUTH_URL: `${cloud.address}/identity`,
			OS_USERNAME: "guestwire",
			OS_PASSWORD: "bench",
			OS_PROJECT_NAME: "service",
			...(bus && { GUESTWIRE_TRANSPORT_URL: bus.transportUrl }),
		},
	});
	const [address, operator] = await Promise.all([
		announced(child, /http:\/\/127\.0\.0\.1:\d+(?=\/openstack)/),
		announced(child, /http:\/\/127\.0\.0\.1:\d+(?!\d|\/openstack)/),
	]);
	return { address, operator, child, started, stop: () => stop(child) };
}

async function until({ operator }: Service, isMet: (metrics: string) => boolean, what: string): Promise<void> {
	for (const deadline = performance.now() + TIMEOUT; performance.now() < deadline; await sleep(200)) {
		const { body } = await request(`${operator}/metrics`);
		if (isMet(await body.text())) return;
	}
	throw new Error(`the mirror was not ${what} in time`);
}

export function untilFilled(service: Service): Promise<void> {
	return until(service, (metrics) => /^guestwire_mirror_fill_ratio 1$/m.test(metrics), "filled");
}

/** Seconds since the mirror was known to be current. */
const CURRENT = 5;

/** Waits until the signals prove that the mirror is current: what changed before the start has been looked for. */
export async function untilCurrent(service: Service, bus: Bus): Promise<void> {
	await until(service, (metrics) => /^guestwire_signal_up\{signal="bus"\} 1$/m.test(metrics), "listening");
	await bus.greet();
	await until(service, isCurrent, "current");
}

const isCurrent = (metrics: string) => Number(/^guestwire_mirror_age_seconds (\S+)$/m.exec(metrics)?.[1]) < CURRENT;

/**
 * Milliseconds without a call, polls aside: in the background, details of servers are read again one batch after the other,
 * each followed by a rest nine times as long.
 */
const QUIET = 25_000;
const LONGEST_WORK = 600_000;

/** Waits until the service has asked the cloud all that it wants to know without a guest. */
export async function untilQuiet(cloud: Cloud): Promise<void> {
	const made = async () => {
		const { network, compute } = await cloud.calls();
		return network.calls + compute.calls;
	};
	let since = performance.now();
	let last = await made();
	for (const start = since; performance.now() - since < QUIET && since - start < LONGEST_WORK; await sleep(500)) {
		const calls = await made();
		if (calls !== last) since = performance.now();
		last = calls;
	}
}

/** Seconds without another cached instance. */
const PREPARED = 3;

/**
 * Waits until the service has prepared all instances, or as many as fit in its memory. It prepares none while the mirror is
 * not current: after a restart, until everything has been compared.
 */
export async function untilPrepared({ operator }: Service): Promise<void> {
	let [entries, since] = [-1, performance.now()];
	for (const start = since; performance.now() - since < PREPARED * 1000; await sleep(200)) {
		const { body } = await request(`${operator}/metrics`);
		const metrics = await body.text();
		const now = Number(/^guestwire_cache_entries (\d+)$/m.exec(metrics)?.[1]);
		if (now !== entries || !isCurrent(metrics)) since = performance.now();
		entries = now;
		if (performance.now() - start > LONGEST_WORK) return;
	}
}

export interface MeasuredStorm extends Storm {
	/** Seconds of CPU time that each took meanwhile. */
	readonly service: number;
	readonly cloud: number;
	readonly others: number;
	/** What the APIs did meanwhile. */
	readonly before: Calls;
	readonly after: Calls;
}

export interface StormOptions {
	readonly cloud: Cloud;
	readonly document: string;
	readonly count: number;
	readonly connections: number;
	/** For the documents' digests. */
	readonly digests?: string;
	/** Whether the cloud is away. */
	readonly isAway?: boolean;
}

export async function storm(service: Service, options: StormOptions): Promise<MeasuredStorm> {
	const { cloud, document, count, connections, digests } = options;
	const target = `/openstack/latest/${document}`;
	const guests = [path("storm-guests.ts"), service.address, target, `${count}`, `${connections}`];
	const calls = () => (options.isAway ? NO_CALLS : cloud.calls());
	const cpu = () => cpuTimes(service.child.pid ?? 0).all / 1e6;
	const [before, busy, own] = [await calls(), busyTime(), cpu()];
	const { stdout } = await run(process.execPath, digests === undefined ? guests : [...guests, digests]);
	const measured: Storm = JSON.parse(stdout);
	const after = await calls();
	const [ofService, ofCloud] = [cpu() - own, (after.cpu - before.cpu) / 1e6];
	const others = Math.max(0, busyTime() - busy - ofService - ofCloud - measured.cpu);
	return { ...measured, service: ofService, cloud: ofCloud, others, before, after };
}

const NO_API = { calls: 0, busy: 0, kinds: {} };
const NO_CALLS: Calls = { network: NO_API, compute: NO_API, polls: 0, cpu: 0 };

/** Seconds of CPU time that everything on the machine has taken. */
function busyTime(): number {
	const [line = ""] = readFileSync("/proc/stat", "utf8").split("\n", 1);
	const [user = 0, nice = 0, system = 0] = line.split(/\s+/).slice(1).map(Number);
	return (user + nice + system) / 100;
}
