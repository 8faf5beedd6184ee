/**
 * Honest guests of the soak test, in a process of their own: known ones, each of which asks for its documents again and
 * again. The parent sends `GuestsRequest`, is sent `known` when each was answered once and, in the end, `GuestsResult`.
 */
import { Agent, request } from "node:http";
import { createHistogram } from "node:perf_hooks";
import { setTimeout as sleep } from "node:timers/promises";

/** One guest's request for one document. */
export interface GuestRequest {
	/** A URL, and the socket or the source address that it is asked over. */
	readonly url: string;
	readonly socketPath?: string;
	readonly localAddress?: string;
	readonly headers: readonly (readonly [string, string])[];
	/** The right answer, as `comparable` returns it. */
	readonly expected: string;
	/** Whether 503 is right, too: a private document, asked for by an address whose owner may have changed. */
	readonly mayBeRefused?: true;
}

/** A document without what depends on the key of the state. */
export function comparable(document: string): string {
	return document.replace(/"random_seed": "[^"]*"/, "");
}

interface Answer {
	readonly status: number;
	/** One character per byte. */
	readonly body: string;
}

const NONE: Answer = { status: 0, body: "" };

export interface GuestsRequest {
	readonly requests: readonly GuestRequest[];
	readonly perSecond: number;
	/** How often a guest asks again that got no answer at all: a busy machine is no fault of the service. */
	readonly retries: number;
}

export interface GuestsResult {
	readonly asked: number;
	readonly answered: number;
	/** Answers to requests that may be refused, which are counted here alone. */
	readonly private: { readonly answered: number; readonly refused: number };
	/** Milliseconds. */
	readonly p50: number;
	readonly p99: number;
	readonly longest: number;
	/** The first answers that were wrong, with the time since the start. */
	readonly wrong: readonly string[];
}

/** What a guest waits for: cloud-init's own limit. Milliseconds. */
const PATIENCE = 10_000;
/** Connections are not kept longer than guests keep them. */
const agent = new Agent({ keepAlive: true, maxSockets: 64 });

function ask(wanted: GuestRequest): Promise<Answer> {
	const { url, socketPath, localAddress, headers } = wanted;
	const { promise, resolve } = Promise.withResolvers<Answer>();
	const options = { headers: Object.fromEntries(headers), agent, timeout: PATIENCE };
	const asking = request(
		url,
		{ ...options, ...(socketPath && { socketPath }), ...(localAddress && { localAddress }) },
		(response) => {
			let body = "";
			response.setEncoding("latin1");
			response.on("data", (chunk: string) => (body += chunk));
			response.on("end", () => resolve({ status: response.statusCode ?? 0, body }));
			response.on("error", () => resolve(NONE));
		},
	);
	asking.on("error", (error: NodeJS.ErrnoException) => {
		// As every client does when a connection that it keeps is closed just then (RFC 9112, 9.3.1).
		resolve(asking.reusedSocket && error.code === "ECONNRESET" ? ask(wanted) : NONE);
	});
	asking.on("timeout", () => asking.destroy());
	asking.end();
	return promise;
}

/** The first answer, before anything goes wrong: until then a guest is not known. It stays right, byte for byte. */
async function untilKnown(wanted: GuestRequest): Promise<string> {
	for (;;) {
		const { status, body } = await ask(wanted);
		if (status === 200 && comparable(body) === wanted.expected) return body;
		if (status === 200) throw new Error(`${wanted.url} is not what it should be:\n${body}\n${wanted.expected}`);
		await sleep(500);
	}
}

async function run({ requests, perSecond, retries }: GuestsRequest): Promise<() => GuestsResult> {
	const latencies = createHistogram();
	const right = new Map<GuestRequest, string>();
	const wrong: string[] = [];
	for (const wanted of requests) right.set(wanted, await untilKnown(wanted));
	process.send?.("known");
	const started = performance.now();
	let asked = 0;
	let answered = 0;
	let isOver = false;
	const ofPrivate = { answered: 0, refused: 0 };
	const one = async (wanted: GuestRequest) => {
		const before = performance.now();
		let { status, body } = await ask(wanted);
		for (let again = 0; status === 0 && again < retries; again++) ({ status, body } = await ask(wanted));
		const isRight = status === 200 && body === right.get(wanted);
		if (wanted.mayBeRefused && (isRight || status === 503)) {
			ofPrivate[isRight ? "answered" : "refused"]++;
			return;
		}
		asked++;
		latencies.record(Math.max(1, Math.round((performance.now() - before) * 1000)));
		if (isRight) answered++;
		else if (wrong.length < 20) {
			const where = wanted.socketPath ?? wanted.localAddress ?? "signed";
			const what = status === 200 ? "another document" : status;
			wrong.push(`${((before - started) / 1000).toFixed(1)} s: ${what} for ${wanted.url} (${where})`);
		}
	};
	void (async () => {
		for (let n = 0; !isOver; n++) {
			// By the clock: a late start must not hide how long a guest would have waited.
			await sleep(Math.max(0, started + (n * 1000) / perSecond - performance.now()));
			const wanted = requests[n % requests.length];
			if (wanted !== undefined) void one(wanted);
		}
	})();
	return () => {
		isOver = true;
		const at = (percent: number) => latencies.percentile(percent) / 1000;
		return { asked, answered, private: ofPrivate, p50: at(50), p99: at(99), longest: latencies.max / 1000, wrong };
	};
}

if (import.meta.main) {
	let finish: (() => GuestsResult) | undefined;
	process.on("message", async (message: GuestsRequest | "finish") => {
		if (message !== "finish") finish = await run(message);
		else {
			const before = finish?.();
			await sleep(PATIENCE / 5);
			process.send?.(finish?.() ?? before);
		}
	});
	process.on("disconnect", () => process.exit());
}
