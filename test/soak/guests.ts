/**
 * Honest guests of the soak test, in a process of their own: known ones, each of which asks for its documents again and
 * again. The parent sends `GuestsRequest`, is sent `known` when each was answered once and, in the end, `GuestsResult`.
 */
import { createHash } from "node:crypto";
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
	/** Whether the document must never change. */
	readonly isConstant: boolean;
}

export interface GuestsRequest {
	readonly requests: readonly GuestRequest[];
	readonly perSecond: number;
	/** How often a guest asks again that got no answer at all: a busy machine is no fault of the service. */
	readonly retries: number;
}

export interface GuestsResult {
	readonly asked: number;
	readonly answered: number;
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

function ask({ url, socketPath, localAddress, headers }: GuestRequest): Promise<{ status: number; digest: string }> {
	const { promise, resolve } = Promise.withResolvers<{ status: number; digest: string }>();
	const options = { headers: Object.fromEntries(headers), agent, timeout: PATIENCE };
	const asking = request(
		url,
		{ ...options, ...(socketPath && { socketPath }), ...(localAddress && { localAddress }) },
		(response) => {
			const hash = createHash("sha256");
			response.on("data", (chunk: Buffer) => hash.update(chunk));
			response.on("end", () => resolve({ status: response.statusCode ?? 0, digest: hash.digest("hex") }));
			response.on("error", () => resolve({ status: 0, digest: "" }));
		},
	);
	asking.on("error", (error: NodeJS.ErrnoException) => {
		// As every client does when a connection that it keeps is closed just then (RFC 9112, 9.3.1).
		if (asking.reusedSocket && error.code === "ECONNRESET")
			resolve(
				ask({
					url,
					headers,
					isConstant: true,
					...(socketPath && { socketPath }),
					...(localAddress && { localAddress }),
				}),
			);
		else resolve({ status: 0, digest: "" });
	});
	asking.on("timeout", () => asking.destroy());
	asking.end();
	return promise;
}

async function run({ requests, perSecond, retries }: GuestsRequest): Promise<() => GuestsResult> {
	const latencies = createHistogram();
	const digests = new Map<GuestRequest, string>();
	const wrong: string[] = [];
	// Until then a guest is not known.
	for (const wanted of requests) while ((await ask(wanted)).status !== 200) await sleep(500);
	process.send?.("known");
	const started = performance.now();
	let asked = 0;
	let answered = 0;
	let isOver = false;
	const one = async (wanted: GuestRequest) => {
		const before = performance.now();
		asked++;
		let { status, digest } = await ask(wanted);
		for (let again = 0; status === 0 && again < retries; again++) ({ status, digest } = await ask(wanted));
		latencies.record(Math.max(1, Math.round((performance.now() - before) * 1000)));
		const known = digests.get(wanted) ?? digest;
		if (status === 200) digests.set(wanted, known);
		const isRight = status === 200 && (known === digest || !wanted.isConstant);
		if (isRight) answered++;
		else if (wrong.length < 20) {
			const where = wanted.socketPath ?? wanted.localAddress ?? "signed";
			wrong.push(`${((before - started) / 1000).toFixed(1)} s: ${status} for ${wanted.url} (${where})`);
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
		return { asked, answered, p50: at(50), p99: at(99), longest: latencies.max / 1000, wrong };
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
