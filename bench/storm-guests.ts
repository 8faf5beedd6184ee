/**
 * Guests that all ask for a document at once, in a process of their own:
 * `node bench/storm-guests.ts ADDRESS PATH COUNT CONNECTIONS [FILE]` prints a `Storm` as JSON, and writes the digests of
 * the documents to the file. Whoever is answered 503 asks again a second later, as cloud-init does, until three minutes
 * have passed.
 *
 * The guests take CPU time from the same cores as the service. So they write prepared bytes to sockets, and read no more
 * of a response than its status and its length.
 */
import { createHash } from "node:crypto";
import { writeFileSync } from "node:fs";
import { connect, type Socket } from "node:net";
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
	/** Seconds of CPU time that the guests took, from the first request to the last answer. */
	readonly cpu: number;
}

const PAUSE = 1000;
const PATIENCE = 180_000;

const [address = "", path = "", count = "", connections = "", digestFile] = process.argv.slice(2);
const { hostname, port } = new URL(address);

function requestOf(n: number): Buffer {
	const headers = Object.entries(headersOf(generated(n))).map(([name, value]) => `${name}: ${value}\r\n`);
	return Buffer.from(`GET ${path} HTTP/1.1\r\nHost: ${hostname}\r\n${headers.join("")}\r\n`);
}

interface Answer {
	readonly status: number;
	readonly body: Buffer;
}

/** Reads one answer after the other; the service always sends a length. */
function readAnswer(socket: Socket): Promise<Answer> {
	return new Promise((resolve, reject) => {
		let received: Buffer = Buffer.alloc(0);
		let end = Number.POSITIVE_INFINITY;
		let start = 0;
		const settle = (done: () => void) => {
			socket.off("data", onData).off("close", onClose);
			done();
		};
		const onClose = () => settle(() => reject(new Error("closed")));
		const onData = (chunk: Buffer) => {
			received = received.length === 0 ? chunk : Buffer.concat([received, chunk]);
			if (start === 0) {
				const at = received.indexOf("\r\n\r\n");
				if (at === -1) return;
				start = at + 4;
				const [, length] = /\ncontent-length: (\d+)/i.exec(received.toString("latin1", 0, at)) ?? [];
				end = start + Number(length);
			}
			if (received.length < end) return;
			const status = Number(received.toString("latin1", 9, 12));
			settle(() => resolve({ status, body: received.subarray(start, end) }));
		};
		socket.on("data", onData).once("close", onClose);
	});
}

function open(): Promise<Socket> {
	return new Promise((resolve, reject) => {
		const socket = connect(Number(port), hostname);
		socket.once("error", reject).once("connect", () => resolve(socket.off("error", reject).on("error", () => {})));
	});
}

const firsts: number[] = [];
const digests: string[] = [];
let [first, answered, refused, last] = [0, 0, 0, 0];

async function ask(socket: Socket, n: number): Promise<void> {
	const request = requests[n] as Buffer;
	for (let attempt = 1; performance.now() - started < PATIENCE; attempt++) {
		const current = socket.destroyed ? await open().catch(() => socket) : socket;
		const sent = performance.now();
		current.write(request);
		const answer = await readAnswer(current).catch(() => undefined);
		if (attempt === 1) firsts.push(performance.now() - sent);
		if (answer?.status === 200) {
			if (attempt === 1) first++;
			answered++;
			last = performance.now();
			if (digestFile !== undefined) digests[n] = createHash("sha256").update(answer.body).digest("base64");
			return;
		}
		refused++;
		await sleep(PAUSE);
	}
}

const requests = Array.from({ length: Number(count) }, (_, n) => requestOf(n));
const sockets: Socket[] = [];
// A listening socket's queue is short.
while (sockets.length < Number(connections)) {
	const left = Math.min(100, Number(connections) - sockets.length);
	sockets.push(...(await Promise.all(Array.from({ length: left }, open))));
}
const before = process.cpuUsage();
const started = performance.now();
await Promise.all(
	sockets.map(async (socket, connection) => {
		for (let n = connection; n < requests.length; n += sockets.length) await ask(socket, n);
		socket.destroy();
	}),
);
const { user, system } = process.cpuUsage(before);
firsts.sort((a, b) => a - b);
const at = (share: number) => Math.round((firsts[Math.floor(firsts.length * share)] ?? 0) * 10) / 10;
const storm: Storm = {
	...{ first, answered, refused, p50: at(0.5), p99: at(0.99) },
	...{ wall: (last - started) / 1000, cpu: (user + system) / 1e6 },
};
if (digestFile !== undefined) writeFileSync(digestFile, JSON.stringify(digests));
console.log(JSON.stringify(storm));
process.exit();
