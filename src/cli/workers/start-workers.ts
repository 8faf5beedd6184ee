/** The worker processes, seen from the primary: they share the listening sockets, and one that dies is replaced. */
import cluster, { type Worker } from "node:cluster";
import { once } from "node:events";
import { extname } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { type Channel, openChannel, type Port } from "../../channel.ts";
import type { Log } from "../../service/log.ts";
import type { WorkerAnswers } from "./answer-workers.ts";
import type { MetricsJson, PrimaryCalls, WorkerCalls, WorkerSettings } from "./calls.ts";

export interface WorkersOptions {
	readonly count: number;
	readonly settings: WorkerSettings;
	readonly answers: WorkerAnswers;
	readonly log: Log;
	/** Called when a worker has ended unexpectedly, with its metrics as they were last read. */
	readonly onEnd: (metrics: MetricsJson) => void;
}

export interface Workers {
	/** Where each listener listens. */
	readonly addresses: readonly string[];
	/** How many workers serve guests. */
	running(): number;
	/** Of each worker. */
	metrics(): Promise<readonly MetricsJson[]>;
	/** Lets all workers answer the requests in flight, and waits for their end. */
	close(): Promise<void>;
}

interface Member {
	readonly process: Worker;
	readonly channel: Channel<WorkerCalls>;
	readonly startedAt: number;
	/** Rejects if there is no process, because it could not be started. */
	readonly failed: Promise<never>;
	isServing: boolean;
	/** As they were last read. */
	metrics: MetricsJson;
}

/** `main.ts`, or `main.js` in the published package. */
const MAIN = fileURLToPath(new URL(`./main${extname(import.meta.url)}`, import.meta.url));
/** A worker that lived for less than this is replaced after as long. Milliseconds. */
const SHORT_LIFE = 1000;
/** How often a worker is asked for a sign of life, and how long it may take to give it. Milliseconds. */
const PING_INTERVAL = 5000;
const PING_TIMEOUT = 20_000;
/** How long workers may take to answer the last requests: more than a request's limit. Milliseconds. */
const STOP_TIMEOUT = 10_000;
/** The metrics of a worker that does not answer in time are those of the last time. Milliseconds. */
const METRICS_TIMEOUT = 1000;

/** All workers, and what they are started with. */
interface Pool extends WorkersOptions {
	readonly members: Set<Member>;
	readonly closing: AbortController;
}

/**
 * Starts all workers. If one of them can't start, all end, and its error is thrown.
 *
 * @throws GuestwireError `config`, `listen`
 */
export async function startWorkers(options: WorkersOptions): Promise<Workers> {
	const pool: Pool = { ...options, members: new Set(), closing: new AbortController() };
	// Each worker accepts by itself: the primary, which has other work, is not in the way of any connection.
	cluster.schedulingPolicy = cluster.SCHED_NONE;
	cluster.setupPrimary({ exec: MAIN, args: [], serialization: "advanced" });
	try {
		const [addresses = []] = await Promise.all(Array.from({ length: pool.count }, () => start(pool, fork(pool))));
		return {
			addresses,
			running: () => [...pool.members].filter(({ isServing }) => isServing).length,
			metrics: () => Promise.all([...pool.members].map(metricsOf)),
			close: () => close(pool),
		};
	} catch (error) {
		await close(pool);
		throw error;
	}
}

/** @throws the reason why no process can be started, which may also come later as `failed` */
function fork(pool: Pool): Member {
	const { members, answers, log, closing } = pool;
	const process = cluster.fork();
	const port: Port = process.process;
	const channel: Channel<WorkerCalls> = openChannel<PrimaryCalls, WorkerCalls>(
		port,
		answers.callsOf(() => channel),
	);
	const { promise: failed, reject: fail } = Promise.withResolvers<never>();
	failed.catch(() => {}); // it may fail before it is waited for
	const member: Member = { process, channel, startedAt: performance.now(), failed, isServing: false, metrics: [] };
	members.add(member);
	answers.add(channel);
	const remove = () => {
		members.delete(member);
		answers.remove(channel);
	};
	process.once("exit", (code, signal) => {
		remove();
		if (closing.signal.aborted) return;
		pool.onEnd(member.metrics);
		log.warn({ worker: process.process.pid, code, signal }, "a worker ended unexpectedly and is being replaced");
		void replace(pool, member.startedAt);
	});
	process.on("error", (error) => {
		if (hasProcess(member)) return;
		remove();
		delete cluster.workers?.[process.id]; // node waits for its exit
		fail(error);
	});
	return member;
}

async function start({ settings, log, closing }: Pool, member: Member): Promise<readonly string[]> {
	const addresses = await Promise.race([member.channel.call("start", settings), member.failed]);
	member.isServing = true;
	void watch(member, log, closing.signal).catch(() => {}); // it has ended, or is about to
	return addresses;
}

/** @param startedAt when the worker that has ended, or could not start, was started */
async function replace(pool: Pool, startedAt: number): Promise<void> {
	const { signal } = pool.closing;
	const isShort = performance.now() - startedAt < SHORT_LIFE;
	await sleep(isShort ? SHORT_LIFE : 0, undefined, { signal }).catch(() => {});
	if (signal.aborted) return;
	const forkedAt = performance.now();
	let member: Member | undefined;
	try {
		member = fork(pool);
		await start(pool, member);
	} catch (error) {
		if (!signal.aborted) pool.log.error({ detail: (error as Error).message }, "a worker could not start");
		// A process is replaced once it has ended.
		if (member !== undefined && hasProcess(member)) member.process.kill("SIGKILL");
		else void replace(pool, forkedAt);
	}
}

async function close({ members, answers, closing }: Pool): Promise<void> {
	closing.abort();
	await Promise.all([...members].map(end));
	answers.close();
}

/** Not if it could not be started: a limit was reached, or there was no memory. */
function hasProcess({ process }: Member): boolean {
	return process.process.pid !== undefined;
}

/** A hung worker keeps its guests waiting, and never reads its messages. */
async function watch({ process, channel }: Member, log: Log, closing: AbortSignal): Promise<void> {
	for (;;) {
		await sleep(PING_INTERVAL, undefined, { signal: closing, ref: false });
		const late = sleep(PING_TIMEOUT, "late", { ref: false });
		if ((await Promise.race([channel.call("ping", undefined), late])) !== "late") continue;
		log.error({ worker: process.process.pid }, `a worker has not answered for ${PING_TIMEOUT / 1000} s: it is killed`);
		process.kill("SIGKILL");
		return;
	}
}

async function end({ process, channel }: Member): Promise<void> {
	const ended = process.isDead() ? Promise.resolve() : once(process, "exit");
	channel.notify("stop", undefined);
	const timer = setTimeout(() => process.kill("SIGKILL"), STOP_TIMEOUT);
	await ended;
	clearTimeout(timer);
}

async function metricsOf(member: Member): Promise<MetricsJson> {
	const late = sleep(METRICS_TIMEOUT, undefined, { ref: false });
	const found = await Promise.race([member.channel.call("metrics", undefined), late]).catch(() => undefined);
	member.metrics = found ?? member.metrics;
	return member.metrics;
}
