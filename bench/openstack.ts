/**
 * Guestwire compared with nova-api-metadata of the same cloud, in one run: `npm run bench:openstack` (`--short` for a quick one).
 * The cloud is that of test/e2e/openstack, which is started first. Nova is measured in both ways of running
 * it, under uwsgi with Debian's settings and under eventlet with two workers; the better of the two counts each time.
 */
import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { promisify } from "node:util";
import { askUntilServed, type Requester, signed } from "../test/e2e/openstack/asking.ts";
import { startGuestwire } from "../test/e2e/openstack/guestwire.ts";
import { NOVA_FORGETS, NOVA_METADATA, runInside } from "../test/e2e/openstack/laboratory.ts";
import { makeManyGuests } from "../test/e2e/openstack/many-guests.ts";
import { median } from "./measure.ts";

const SHORT = process.argv.includes("--short");
const ROUNDS = SHORT ? 1 : 3;
const WARM_SECONDS = SHORT ? 3 : 10;
const ALONE = SHORT ? 5 : 15;

const NETWORK_DATA = "/openstack/latest/network_data.json";
const META_DATA = "/openstack/latest/meta_data.json";
const EVENTLET = 8785;

/** A metadata service that is measured: its cache is cold before each measurement. */
interface Contender {
	readonly name: string;
	/** Returns its port once it is ready with a cold cache. */
	cold(): Promise<number>;
	stop(): Promise<unknown>;
}

const seconds = (since: number) => (performance.now() - since) / 1000;

/** Nova, whose processes stay: its cache is cold after some time without requests. */
function nova(name: string, port: number): Contender {
	return {
		name,
		async cold() {
			await pause(NOVA_FORGETS);
			return port;
		},
		stop: async () => {},
	};
}

/** Guestwire, restarted each time: it has its token and connections, and nothing else. */
function guestwireContender(): Contender {
	let running: Awaited<ReturnType<typeof startGuestwire>> | undefined;
	return {
		name: "guestwire",
		async cold() {
			await running?.stop();
			running = await startGuestwire({ profile: "nova" });
			return running.port;
		},
		stop: async () => running?.stop(),
	};
}

async function expectOk(port: number, requester: Requester, path: string): Promise<void> {
	const { status } = await askUntilServed(port, requester, path);
	if (status !== 200) throw new Error(`port ${port} answered ${status} for ${path} of ${requester.id}`);
}

/** Seconds until each guest has its document, with all requests sent at once. */
async function allAtOnce(port: number, requesters: readonly Requester[], path: string): Promise<number> {
	const started = performance.now();
	await Promise.all(requesters.map((requester) => expectOk(port, requester, path)));
	return seconds(started);
}

/** Requests per second over 16 connections, each of which requests all documents in turn. */
async function warm(port: number, requesters: readonly Requester[], path: string): Promise<number> {
	await allAtOnce(port, requesters, path);
	const folder = await mkdtemp(join(tmpdir(), "guestwire-bench-"));
	const headers = requesters.map((requester) =>
		Object.entries(signed(requester))
			.map(([name, value]) => `["${name}"]="${value}"`)
			.join(","),
	);
	await writeFile(
		join(folder, "members.lua"),
		`local members = { ${headers.map((fields) => `{${fields}}`).join(",\n")} }
		local requests, at = {}, 0
		init = function() for i, headers in ipairs(members) do requests[i] = wrk.format("GET", "${path}", headers) end end
		request = function() at = at % #requests + 1; return requests[at] end
		done = function(summary)
			local e = summary.errors
			-- Not the read errors: under uwsgi a body ends with its connection, which wrk counts as an answer and an error.
			print("RESULT", summary.requests / summary.duration * 1e6, e.connect + e.write + e.status + e.timeout)
		end`,
	);
	const options = ["--threads", "1", "--connections", "16", "--duration", `${WARM_SECONDS}s`, "--timeout", "10s"];
	const { stdout } = await promisify(execFile)("wrk", [
		...options,
		"--script",
		join(folder, "members.lua"),
		`http://127.0.0.1:${port}`,
	]);
	await rm(folder, { recursive: true });
	const [, rate, errors] = /^RESULT\s+(\S+)\s+(\S+)$/m.exec(stdout) ?? [];
	if (Number(errors) > 0) throw new Error(`port ${port}: ${errors} of wrk's requests failed`);
	return Number(rate);
}

interface Measurement {
	readonly what: string;
	readonly unit: string;
	/** At least this many times the original's rate, or at most this share of its time. */
	readonly target: number;
	readonly better: "more" | "less";
	/** One value per service. They take turns, so that other load on the machine affects all of them equally. */
	run(contenders: readonly Contender[], guests: readonly Requester[]): Promise<number[]>;
}

/** Cold, except for one guest, whose look-up warms what is shared by all. */
async function ready(contender: Contender, first: Requester, path: string): Promise<number> {
	const port = await contender.cold();
	await expectOk(port, first, path);
	return port;
}

const rounds =
	(once: (contender: Contender, guests: readonly Requester[]) => Promise<number>): Measurement["run"] =>
	async (contenders, guests) => {
		const values: number[][] = contenders.map(() => []);
		for (let round = 0; round < ROUNDS; round++) {
			for (const [index, contender] of contenders.entries()) values[index]?.push(await once(contender, guests));
		}
		return values.map(median);
	};

const warmRate = (path: string) =>
	rounds(async (contender, guests) => warm(await contender.cold(), guests.slice(0, 20), path));

const together = (path: string) =>
	rounds(async (contender, [first, ...others]) => {
		const port = await ready(contender, first as Requester, path);
		return allAtOnce(port, others, path);
	});

/** Each requests its own guests: both variants of Nova share a cache. */
const alone =
	(path: string): Measurement["run"] =>
	async (contenders, [first, ...others]) => {
		const ports: number[] = [];
		for (const contender of contenders) ports.push(await ready(contender, first as Requester, path));
		const values: number[][] = contenders.map(() => []);
		for (let turn = 0; turn < ALONE; turn++) {
			for (const [index, port] of ports.entries()) {
				const requester = others[turn * ports.length + index] as Requester;
				values[index]?.push(await allAtOnce(port, [requester], path));
			}
		}
		return values.map(median);
	};

const MEASUREMENTS: readonly Measurement[] = [
	{
		what: "warm network_data.json, 16 connections",
		unit: "requests/s",
		target: 10,
		better: "more",
		run: warmRate(NETWORK_DATA),
	},
	{ what: "network_data.json of all, cold", unit: "s", target: 1 / 3, better: "less", run: together(NETWORK_DATA) },
	{ what: "meta_data.json of all, cold", unit: "s", target: 1 / 3, better: "less", run: together(META_DATA) },
	{ what: "network_data.json of one, cold", unit: "s", target: 1, better: "less", run: alone(NETWORK_DATA) },
	{ what: "meta_data.json of one, cold", unit: "s", target: 1, better: "less", run: alone(META_DATA) },
];

async function main(): Promise<void> {
	const guests = await makeManyGuests();
	await runInside(["metadata-eventlet", "start", String(EVENTLET)]);
	const contenders = [nova("nova, uwsgi", NOVA_METADATA), nova("nova, eventlet", EVENTLET), guestwireContender()];
	console.log(`${guests.length} guests; median of ${ROUNDS} rounds, one guest: of ${ALONE}\n`);
	console.log(["", ...contenders.map(({ name }) => name), "ratio", "target"].join(" | "));
	let missed = 0;
	for (const { what, unit, target, better, run } of MEASUREMENTS) {
		const values = await run(contenders, guests);
		const [ours = Number.NaN, originals] = [values.at(-1), values.slice(0, -1)];
		const ratio = ours / (better === "more" ? Math.max(...originals) : Math.min(...originals));
		const met = better === "more" ? ratio >= target : ratio <= target;
		if (!met) missed++;
		const shown = values.map((value) => (unit === "s" ? value.toFixed(3) : value.toFixed(0)));
		const goal = `${better === "more" ? "≥" : "≤"} ${Number(target.toFixed(2))}${met ? "" : " MISSED"}`;
		console.log([`${what} (${unit})`, ...shown, ratio.toFixed(2), goal].join(" | "));
	}
	for (const contender of contenders) await contender.stop();
	await runInside(["metadata-eventlet", "stop"]);
	if (missed > 0) process.exitCode = 1;
}

await main();
