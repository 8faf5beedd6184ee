/**
 * Mixed hostile and honest load, while one thing after another goes wrong. `npm run soak` takes thirty minutes, or those
 * given with `-- --minutes N`; `npm run soak -- --short` has each fault once, in some three minutes. Prints what is wanted
 * beside what was measured; the exit status is 1 if something is missed. Times are only judged in the long form: the short
 * one also runs on busy machines.
 */
import { type ChildProcess, execFileSync, fork } from "node:child_process";
import { once } from "node:events";
import { createReadStream, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { hasPostgres, startPostgres } from "../system/postgres-server.ts";
import { faultsOf } from "./faults.ts";
import type { GuestsResult } from "./guests.ts";
import {
	ADDRESSES,
	encodingsOf,
	guestInventory,
	honestRequests,
	hostileTargets,
	PLANTED,
	SIGNATURES,
} from "./people.ts";
import { type Point, type SoakService, slope, startSoakService, stopService, type Usage, usageOf } from "./services.ts";
import { storedTexts } from "./stored-texts.ts";

const { values } = parseArgs({ options: { short: { type: "boolean" }, minutes: { type: "string", default: "30" } } });
const isShort = values.short === true;
/** Milliseconds. */
const DURATION = Number(values.minutes) * 60_000;
/**
 * For how long a fault lasts; at least as long again nothing is wrong. Longer than a request may wait: one that waits for
 * the fault's end would not be noticed. Milliseconds.
 */
const LASTING = isShort ? 6000 : 18_000;
const PER_SECOND = isShort ? 50 : 100;
/** What memory may have gained in the end, after the first round of faults. In the short form it still warms up. Bytes. */
const MOST_GAIN = (isShort ? 96 : 32) * 2 ** 20;
/** At any time, attacks included. Bytes. */
const MOST_MEMORY = 640 * 2 ** 20;
/** Connections that honest guests may have kept in addition. */
const MOST_DESCRIPTORS = 60;
const FILL_TIMEOUT = 120_000;
/** Measurements that a trend is judged by, at least. */
const FEWEST_SAMPLES = 5;

const path = (file: string) => fileURLToPath(new URL(file, import.meta.url));
const misses: string[] = [];
/** One line: what was measured, and what is wanted of it. */
function report(what: string, measured: string, wanted?: string, isMet = true): void {
	const verdict = wanted === undefined ? "" : `   wanted: ${wanted}${isMet ? "" : "   MISSED"}`;
	console.log(`  ${what.padEnd(42)} ${measured}${verdict}`);
	if (!isMet) misses.push(what);
}

const mebibytes = (bytes: number) => `${(bytes / 2 ** 20).toFixed(1)} MiB`;

/** @param most what may be gained from the first point to the last, on the straight line through all */
function reportTrend(what: string, points: readonly Point[], show: (value: number) => string, most: number): void {
	const perMinute = slope(points);
	const minutes = ((points.at(-1)?.at ?? 0) - (points[0]?.at ?? 0)) / 60_000;
	const measured = `${points.map(({ value }) => show(value)).join(" ")}, ${show(perMinute)} per minute`;
	if (points.length >= FEWEST_SAMPLES) report(what, measured, `${show(most)} more at most`, perMinute * minutes < most);
	else report(what, `${measured}   not judged: fewer than ${FEWEST_SAMPLES} measurements`);
}

const start = (file: string): ChildProcess => fork(path(file), { stdio: ["ignore", "inherit", "inherit", "ipc"] });
/** @throws Error if the process ends instead */
async function reply(child: ChildProcess): Promise<unknown> {
	const ended = once(child, "exit").then(() => {
		throw new Error(`${child.spawnargs.at(-1)} has ended`);
	});
	return Promise.race([ended, once(child, "message").then(([message]) => message)]);
}

/** A disk that is small enough to be filled, and has room for half an hour of log; only root can make one. */
function mountDisk(folder: string): boolean {
	mkdirSync(folder);
	if (userInfo().uid !== 0) return false;
	try {
		execFileSync("mount", ["-t", "tmpfs", "-o", "size=256m", "tmpfs", folder], { stdio: "ignore" });
		return true;
	} catch {
		return false;
	}
}

async function untilKnown({ operator }: SoakService): Promise<void> {
	for (const deadline = performance.now() + FILL_TIMEOUT; performance.now() < deadline; await sleep(200)) {
		const metrics = await (await fetch(`${operator}/metrics`)).text();
		if (/^guestwire_mirror_fill_ratio 1$/m.test(metrics)) return;
	}
	throw new Error("the mirror was not filled in time");
}

/** Everything that the operator server says, of which no part may be a secret. */
async function operatorTexts({ operator }: SoakService): Promise<string> {
	const paths = [
		"/metrics",
		"/readyz",
		"/healthz",
		"/api/instances",
		"/api/instances/none",
		"/api/instances/none/x",
		"/x",
	];
	const texts = await Promise.all(paths.map(async (path) => (await fetch(operator + path)).text()));
	return texts.join("\n");
}

async function fileContains(file: string, secrets: readonly string[]): Promise<string[]> {
	const found = new Set<string>();
	let last = "";
	for await (const chunk of createReadStream(file, "latin1")) {
		const text = last + chunk;
		for (const secret of secrets) if (text.includes(secret)) found.add(secret);
		last = text.slice(-100);
	}
	return [...found];
}

const folder = mkdtempSync(join(tmpdir(), "guestwire-soak-"));
const disk = join(folder, "disk");
const isMounted = mountDisk(disk);
const postgres = hasPostgres ? startPostgres() : undefined;
const stateUrl = postgres?.createDatabase();
const children: ChildProcess[] = [];
const services: SoakService[] = [];
try {
	const cloud = start("cloud.ts");
	children.push(cloud);
	const cloudEnv = (await reply(cloud)) as Record<string, string>;
	const sqlite = join(disk, "state.db");
	const socket = join(folder, "network.sock");
	const inventory = { path: join(folder, "inventory", "guests.yaml"), text: guestInventory() };
	mkdirSync(join(folder, "inventory"));
	writeFileSync(inventory.path, inventory.text);
	const signed = { listen: "127.0.0.1:0", identity: "signed" };
	const clouded = await startSoakService(
		"service before a cloud",
		// Its log is on the small disk, too.
		join(disk, "cloud"),
		{
			cloud: { openstack: { tagsOfSingleNics: true } },
			metadata: [signed, { listen: `unix:${socket}`, identity: "network" }],
			state: { sqlite },
		},
		{
			...cloudEnv,
			GUESTWIRE_SHARED_SECRET: PLANTED.sharedSecret,
			GUESTWIRE_TRANSPORT_URL: `rabbit://guestwire:${PLANTED.busPassword}@127.0.0.1:${cloudEnv["BUS_PORT"]}/`,
		},
	);
	services.push(clouded);
	const filed = await startSoakService(
		"service over files",
		join(folder, "files"),
		{
			cloud: { files: { path: join(folder, "inventory") } },
			metadata: [{ listen: `${ADDRESSES.service}:0`, identity: "address" }],
			...(stateUrl !== undefined && { state: { postgres: stateUrl } }),
		},
		{},
	);
	services.push(filed);
	await untilKnown(clouded);

	const where = { signed: clouded.address, socket, address: filed.address };
	const planted = [...Object.values(PLANTED), ...SIGNATURES, cloudEnv["OS_PASSWORD"] ?? ""];
	const inLog = planted.flatMap(encodingsOf);
	const guests = start("guests.ts");
	const hostile = start("hostile.ts");
	children.push(guests, hostile);
	const leaks: string[] = [];
	hostile.on("message", (message: { leak?: string; text?: string; paused?: number }) => {
		if (message.leak !== undefined) leaks.push(`an answer to an attacker: ${message.leak} in ${message.text}`);
	});
	guests.send({
		requests: await honestRequests(where, inventory.path),
		perSecond: PER_SECOND,
		retries: isShort ? 6 : 0,
	});
	await reply(guests);
	hostile.send({ targets: hostileTargets(where), secrets: inLog });

	let attacks = 0;
	const usage = new Map<SoakService, Usage[]>(services.map((service) => [service, []]));
	/** Without attackers, whose connections would be counted. */
	const measure = async () => {
		const paused = new Promise<void>((resolve) => {
			const onMessage = (message: { paused?: number }) => {
				if (message.paused === undefined) return;
				attacks = message.paused;
				hostile.off("message", onMessage);
				resolve();
			};
			hostile.on("message", onMessage);
		});
		hostile.send("pause");
		await paused;
		await sleep(1500);
		for (const service of services) {
			usage.get(service)?.push(await usageOf(service));
			const text = await operatorTexts(service);
			for (const secret of inLog) if (text.includes(secret)) leaks.push(`${service.name}, operator server: ${secret}`);
		}
		hostile.send("resume");
	};
	const faults = faultsOf({ cloud, sqlite, disk: isMounted ? disk : undefined, postgres, inventory });
	const deadline = performance.now() + DURATION;
	for (let n = 0; isShort ? n < faults.length : performance.now() < deadline; n++) {
		const fault = faults[n % faults.length] as (typeof faults)[number];
		const before = performance.now();
		const end = await fault.begin();
		await sleep(LASTING);
		await end();
		const calm = sleep(LASTING);
		await measure();
		await calm;
		console.log(`${fault.name}: ${((performance.now() - before) / 1000).toFixed(0)} s with what follows`);
	}
	guests.send("finish");
	const result = (await reply(guests)) as GuestsResult;
	hostile.kill("SIGKILL");

	console.log(`\n${attacks} attacks, ${result.asked} requests of honest guests that the services know`);
	report("answered rightly", `${result.answered} of ${result.asked}`, "all", result.answered === result.asked);
	for (const line of result.wrong) console.log(`    ${line}`);
	const byAddress = `${result.private.answered} answered, ${result.private.refused} refused while the cloud was not there`;
	report("private documents by address", byAddress, "some answered", result.private.answered > 0);
	const ms = (value: number) => `${value.toFixed(1)} ms`;
	const times = `p50 ${ms(result.p50)}, p99 ${ms(result.p99)}, longest ${ms(result.longest)}`;
	if (isShort) report("latency", times);
	else report("latency", times, "p99 < 50 ms", result.p99 < 50);
	for (const [{ name }, all] of usage) {
		const later = all.slice(isShort ? all.length / 2 : faults.length);
		const memory = later.map(({ at, resident: value }) => ({ at, value }));
		reportTrend(`memory of the ${name}`, memory, mebibytes, MOST_GAIN);
		const peak = later.at(-1)?.peak ?? Number.NaN;
		report("its most memory", mebibytes(peak), `${mebibytes(MOST_MEMORY)} at most`, peak < MOST_MEMORY);
		const descriptors = later.map(({ at, descriptors: value }) => ({ at, value }));
		reportTrend("its file descriptors", descriptors, (value) => `${Math.round(value * 100) / 100}`, MOST_DESCRIPTORS);
	}
	for (const service of services) {
		const { code, took } = await stopService(service);
		report(`the ${service.name} ends`, `exit code ${code} after ${ms(took)}`, "0", code === 0);
	}
	const inState = [PLANTED.sharedSecret, PLANTED.busPassword, ...SIGNATURES, cloudEnv["OS_PASSWORD"] ?? ""].flatMap(
		encodingsOf,
	);
	if (stateUrl !== undefined) {
		const secrets = [...inState, ...encodingsOf(PLANTED.userData)];
		for await (const text of storedTexts(stateUrl))
			for (const secret of secrets) if (text.includes(secret)) leaks.push(`PostgreSQL: ${secret}`);
	}
	const stateFiles = readdirSync(disk).flatMap((name) => (name.startsWith("state.db") ? join(disk, name) : []));
	for (const file of services.flatMap(({ outputs }) => outputs))
		leaks.push(...(await fileContains(file, inLog)).map((secret) => `${file}: ${secret}`));
	for (const file of stateFiles)
		leaks.push(...(await fileContains(file, inState)).map((secret) => `${file}: ${secret}`));
	report(
		"planted secrets found",
		leaks.length === 0 ? "none" : leaks.slice(0, 10).join("\n    "),
		"none",
		leaks.length === 0,
	);
	if (!isMounted) console.log("  not tried: a full disk, which only root can make");
	if (postgres === undefined) console.log("  not tried: PostgreSQL, which is not installed");
	if (misses.length > 0) process.exitCode = 1;
} finally {
	for (const child of [...children, ...services.map(({ process: child }) => child)]) child.kill("SIGKILL");
	postgres?.stop();
	if (isMounted) execFileSync("umount", ["-l", disk]);
	rmSync(folder, { recursive: true, force: true });
}
