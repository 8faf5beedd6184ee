/**
 * Guests that all ask for a document at once, in a process of their own:
 * `node bench/storm-guests.ts ADDRESS PATH COUNT CONNECTIONS` prints a `Storm` as JSON. Whoever is answered 503 asks again
 * a second later, as cloud-init does, until three minutes have passed.
 */
import { Agent, request } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { generated } from "./generate.ts";
import { headersOf } from "./service.ts";

export interface Storm {
	/** How many were answered 200 at once. */
	readonly first: number;
	/** How many were answered 200 in the end. */
	readonly answered: number;
	/** Other answers, and requests without one. */
	readonly refused: number;
	/** Milliseconds of first answers. */
	readonly p50: number;
	readonly p99: number;
	/** Seconds until the last guest was answered. */
	readonly wall: number;
}

const PAUSE = 1000;
const PATIENCE = 180_000;

const [address = "", path = "", count = "", connections = ""] = process.argv.slice(2);
const guests = Array.from({ length: Number(count) }, (_, n) => ({ headers: headersOf(generated(n)) }));
const agent = new Agent({ keepAlive: true, maxSockets: Number(connections) });
const target = new URL(address);

/** The status, and how long it took once a connection was free. */
function ask(headers: Record<string, string>): Promise<{ status: number; took: number }> {
	return new Promise((resolve, reject) => {
		let sent = performance.now();
		const asking = request({ agent, host: target.hostname, port: target.port, path, headers }, (response) => {
			response.resume();
			response.once("end", () => resolve({ status: response.statusCode ?? 0, took: performance.now() - sent }));
		});
		asking.once("socket", (socket) => {
			const start = () => {
				sent = performance.now();
			};
			if (socket.connecting) socket.once("connect", start);
			else start();
		});
		asking.once("error", reject);
		asking.end();
	});
}

const firsts: number[] = [];
let [first, answered, refused] = [0, 0, 0];
const started = performance.now();
let last = started;
await Promise.all(
	guests.map(async ({ headers }) => {
		for (let attempt = 1; performance.now() - started < PATIENCE; attempt++) {
			const { status, took } = await ask(headers).catch(() => ({ status: 0, took: 0 }));
			if (attempt === 1) firsts.push(took);
			if (status === 200) {
				if (attempt === 1) first++;
				answered++;
				last = performance.now();
				return;
			}
			refused++;
			await sleep(PAUSE);
		}
	}),
);
firsts.sort((a, b) => a - b);
const at = (share: number) => Math.round((firsts[Math.floor(firsts.length * share)] ?? 0) * 10) / 10;
const storm: Storm = { first, answered, refused, p50: at(0.5), p99: at(0.99), wall: (last - started) / 1000 };
console.log(JSON.stringify(storm));
agent.destroy();
