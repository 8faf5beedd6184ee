/** HTTP to an API: pooled connections, bounded time and size, retries of failures that may be temporary. */
import { readFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { request } from "undici";
import { certificateAuthorities } from "../../certificate-authorities.ts";
import { GuestwireError } from "../../errors.ts";
import { type Connections, openConnections } from "../../proxies.ts";
import type { CloudEntry } from "./clouds-yaml.ts";

export interface Call {
	readonly method: "GET" | "POST";
	readonly url: URL;
	readonly headers?: Readonly<Record<string, string>>;
	/** Sent as JSON. All calls, including this one, may be repeated. */
	readonly body?: unknown;
}

/** What a call carries to show who makes it. */
export interface Authorization {
	readonly headers: Readonly<Record<string, string>>;
	/** Called when the API answered 401, if another call may carry something else. */
	readonly refuse?: () => void;
}

export interface Reply {
	readonly status: number;
	readonly headers: Readonly<Record<string, string | string[] | undefined>>;
	readonly text: string;
}

export interface Rest {
	/**
	 * The API's answer, with any status but 429 and 5xx. These, and connections that fail or break, are retried until
	 * `TRIES` or the deadline is reached.
	 *
	 * @throws GuestwireError `cloud-unavailable`
	 */
	call(call: Call): Promise<Reply>;
	/** Aborts calls in progress. */
	close(): Promise<void>;
}

const TRIES = 4;
/** Before the second try; three times as long before each further one. Milliseconds. */
const BACK_OFF = 100;
/** For one call with all its retries. Milliseconds. */
const DEADLINE = 20_000;
/** For the headers of one answer, and between two pieces of its body. Milliseconds. */
const ANSWER_TIMEOUT = 10_000;
/** A page of a hundred servers with 64 KiB of user data each is 9 MB. */
const LARGEST_ANSWER = 64 * 1024 * 1024;
/** To each API. More would only queue there. */
const CONNECTIONS = 8;

type Tls = Pick<CloudEntry, "verify" | "insecure" | "cacert" | "cert" | "key">;

/**
 * @param tls from the cloud's entry: `cacert`, `cert` and `key` name PEM files
 * @throws GuestwireError `config`: a file can't be read
 */
export async function createRest(tls: Tls): Promise<Rest> {
	const connections = openConnections({
		connections: CONNECTIONS,
		keepAliveTimeout: 30_000,
		headersTimeout: ANSWER_TIMEOUT,
		bodyTimeout: ANSWER_TIMEOUT,
		maxResponseSize: LARGEST_ANSWER,
		connect: { timeout: 3000, ...(await tlsOptions(tls)) },
	});
	const closed = new GuestwireError("cloud-unavailable", "the connection to the cloud was closed");
	return {
		call: (call) => callWithTries(connections, call),
		close: () => connections.destroy(closed),
	};
}

async function tlsOptions({ verify, insecure, cacert, cert, key }: Tls) {
	const pem = async <T>(file: string, read: (file: string) => Promise<T>) => {
		try {
			return await read(file);
		} catch (error) {
			const { code } = error as NodeJS.ErrnoException;
			throw new GuestwireError(
				"config",
				`can't read ${file} (${code}), named by cacert, cert or key in clouds.yaml: correct the path`,
			);
		}
	};
	const text = (file: string) => pem(file, (path) => readFile(path, "utf8"));
	// As in openstacksdk, which has both of requests: without verification nobody reads `cacert`, and without a file of
	// its own the key is in that of the certificate.
	const isVerified = verify !== false && insecure !== true;
	return {
		rejectUnauthorized: isVerified,
		...(isVerified && { ca: cacert ? await pem(cacert, certificateAuthorities) : await certificateAuthorities() }),
		...(cert && { cert: await text(cert), key: await text(key ?? cert) }),
	};
}

async function callWithTries(connections: Connections, call: Call): Promise<Reply> {
	const started = performance.now();
	const signal = AbortSignal.timeout(DEADLINE);
	for (let attempt = 1, pause = BACK_OFF; ; attempt++, pause *= 3) {
		const outcome = await once(connections, call, signal);
		if ("reply" in outcome) return outcome.reply;
		const wait = Math.max(pause, outcome.retryAfter ?? 0);
		const left = DEADLINE - (performance.now() - started);
		if (attempt === TRIES || outcome.final || wait > left) {
			throw new GuestwireError("cloud-unavailable", `${describeCall(call)}: ${outcome.reason}`, {
				cause: outcome.cause,
			});
		}
		await sleep(wait);
	}
}

interface Failure {
	readonly reason: string;
	/** A retry can't help. */
	readonly final?: boolean;
	/** Milliseconds that the API asks callers to wait. */
	readonly retryAfter?: number;
	readonly cause?: unknown;
}

type Outcome = { readonly reply: Reply } | Failure;

async function once(connections: Connections, call: Call, signal: AbortSignal): Promise<Outcome> {
	const { dispatcher, proxy } = connections.wayTo(call.url);
	try {
		const { statusCode, headers, body } = await request(call.url, {
			dispatcher,
			method: call.method,
			signal,
			headers: { accept: "application/json", ...(call.body !== undefined && JSON_BODY), ...call.headers },
			body: call.body === undefined ? null : JSON.stringify(call.body),
		});
		const text = await body.text();
		if (statusCode !== 429 && statusCode < 500) return { reply: { status: statusCode, headers, text } };
		return { reason: `answered ${statusCode}`, ...retryAfter(headers["retry-after"]) };
	} catch (error) {
		if (signal.aborted) return { reason: `no answer within ${DEADLINE / 1000} s`, final: true, cause: error };
		if (error instanceof GuestwireError) return { reason: error.message, final: true };
		const { code, message } = error as Error & { code?: string };
		const final = code === "UND_ERR_RES_EXCEEDED_MAX_SIZE";
		// These two come from a proxy, and only their messages have its status.
		const what = code === undefined || /^UND_ERR_(ABORTED|INVALID_ARG)$/.test(code) ? message : code;
		const advice = proxy === undefined ? hint(code) : (hintOnCertificate(code) ?? hintOnProxy(proxy));
		return { reason: `no answer (${what})${advice}`, final, cause: error };
	}
}

const JSON_BODY = { "content-type": "application/json" };

/** Seconds or a date. RFC 9110, section 10.2.3. */
function retryAfter(header: string | string[] | undefined): { retryAfter?: number } {
	if (typeof header !== "string") return {};
	const ms = /^\d+$/.test(header) ? Number(header) * 1000 : Date.parse(header) - Date.now();
	return Number.isFinite(ms) ? { retryAfter: Math.max(0, ms) } : {};
}

function hint(code: string | undefined): string {
	if (code === "ECONNREFUSED") return "; check that it is running and that the address in the catalogue is right";
	if (code === "ENOTFOUND") return "; check that the name resolves here";
	return hintOnCertificate(code) ?? "";
}

function hintOnCertificate(code: string | undefined): string | undefined {
	if (code === undefined || !/CERT|SIGNATURE/.test(code)) return undefined;
	return "; set cacert (OS_CACERT) to the file of its CA";
}

function hintOnProxy(proxy: string): string {
	return ` through the proxy ${proxy}; check the proxy, or name the host in no_proxy`;
}

/** A call, for messages: long queries are cut, and nothing in it is secret. */
export function describeCall({ method, url }: Pick<Call, "method" | "url">): string {
	const { href } = url;
	return `${method} ${href.length > 200 ? `${href.slice(0, 200)}…` : href}`;
}
