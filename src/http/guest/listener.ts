/** One listener of the metadata service: a fastify server with one route, and the bounds a hostile guest runs into. */
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import fastify, { type FastifyError, type FastifyInstance, type FastifyReply, type FastifyRequest } from "fastify";
import { normalizePath } from "../../documents/paths.ts";
import { type TreeAnswer, textAnswer } from "../../documents/tree.ts";
import { type Log, logRequest, pathInLog, roundedMs } from "../../service/log.ts";
import type { ListenerMetrics, Metrics } from "../../service/metrics.ts";
import { type ListenAddress, listenOn } from "../listen.ts";
import { createWaitingRoom } from "./admission.ts";
import { errorBody, rawAnswer } from "./error-body.ts";
import { failure, type GuestAnswers, LONGEST_PASSWORD, type NotAnswered, type Outcome, tooLarge } from "./handler.ts";
import type { IdentityMode } from "./identity/index.ts";

export interface Limits {
	/** Milliseconds until a request that still waits for the cloud is answered 503: 5,000. cloud-init gives up at 10 s. */
	readonly budget: number;
	/** Requests that may wait at once, any further one is answered 503: 2,000. */
	readonly waiting: number;
	/** Open connections, any further one is closed at once: 10,000. */
	readonly connections: number;
	/** Milliseconds that a client may take to send a request: 10,000. */
	readonly request: number;
}

export interface GuestListenerOptions {
	readonly address: ListenAddress;
	readonly mode: IdentityMode;
	readonly answers: GuestAnswers;
	readonly log: Log;
	readonly metrics: Metrics;
	readonly limits: Limits;
}

export interface GuestListener {
	/** @returns where it really listens */
	start(): Promise<string>;
	/** Takes no new connection, answers what is in flight, then closes what is left. */
	close(): Promise<void>;
}

interface Exchange {
	readonly request: FastifyRequest;
	readonly reply: FastifyReply;
	readonly path: string | undefined;
	/** Milliseconds of the performance clock. */
	readonly started: number;
}

/** How long an idle connection stays open, and how often slow ones are looked for, in milliseconds. */
const KEEP_ALIVE_TIMEOUT = 30_000;
const CHECKING_INTERVAL = 1000;
/** Bytes of a request's line and headers. */
const LONGEST_HEADERS = 16 * 1024;
/** Bytes up to which an answer is copied to be written in one piece. */
const LONGEST_TEXT = 16 * 1024;
/** Seconds after which a guest that was told 503 may ask again. */
const RETRY_AFTER = "1";

export function createGuestListener(options: GuestListenerOptions): GuestListener {
	const { address, mode, answers, metrics, limits } = options;
	const app = createServer(limits, () => metrics.turnedDown(mode, "bad-request"));
	const connections = new Set<Socket>();
	const report = createReport(options);
	const wait = createWaitingRoom(limits.budget, limits.waiting, metrics.waiting);
	let closing = false;

	const finish = (exchange: Exchange, outcome: Outcome) => {
		if (closing) exchange.reply.raw.setHeader("connection", "close");
		send(exchange.reply, outcome);
		report(exchange, outcome);
	};
	const handle = (request: FastifyRequest, reply: FastifyReply) => {
		const exchange = begin(request, reply);
		const outcome = attempt(answers, exchange);
		if (outcome instanceof Promise) wait(outcome).then((settled) => finish(exchange, settled));
		else finish(exchange, outcome);
	};
	app.all("/", handle);
	app.setNotFoundHandler(handle);
	app.setErrorHandler((error: FastifyError, request, reply) => {
		// What is left of the body is not waited for.
		reply.raw.setHeader("connection", "close");
		finish(begin(request, reply), unreadable(error));
	});
	return {
		async start() {
			const listener = metrics.listener(address.text, mode);
			watchConnections(app, connections, limits, listener);
			const where = await listenOn(app, address);
			listener.up(true);
			return where;
		},
		async close() {
			closing = true;
			// Node closes connections between two requests, but not those that never brought any.
			for (const socket of connections) if (socket.bytesRead === 0) socket.destroy();
			// Whoever is still sending its request by then will not be waited for.
			const deadline = setTimeout(() => app.server.closeAllConnections(), limits.budget + 1000);
			await app.close();
			clearTimeout(deadline);
		},
	};
}

/** Tells the log and the metrics of an answer that has just been sent. */
function createReport({ mode, log, metrics }: GuestListenerOptions): (exchange: Exchange, outcome: Outcome) => void {
	const countRequest = metrics.requests(mode);
	return ({ request, path, started }, outcome) => {
		const { status, instance } = outcome;
		const ms = performance.now() - started;
		const line = { identity: mode, method: request.method, path: pathInLog(path), status, ms: roundedMs(ms), instance };
		if (outcome.status === 200) {
			logRequest(log, line);
		} else {
			const { reason, detail } = outcome;
			logRequest(log, { ...line, reason, detail });
			metrics.turnedDown(mode, reason);
		}
		countRequest(status, path, ms / 1000);
	};
}

/**
 * A server that answers nothing by itself that Neutron's proxies would not hand through: not 408, 413, 414, 415, 417
 * or 431, all of which node or fastify answer by default.
 */
function createServer(limits: Limits, onBadRequest: () => void): FastifyInstance {
	const refuse = (socket: Duplex | null) => {
		onBadRequest();
		socket?.end(rawAnswer(400));
	};
	const app = fastify({
		bodyLimit: LONGEST_PASSWORD,
		requestTimeout: limits.request,
		keepAliveTimeout: KEEP_ALIVE_TIMEOUT,
		return503OnClosing: false,
		exposeHeadRoutes: false,
		// Every target goes to the one route: what a path means, and whether it is one, the tree's own rules say.
		rewriteUrl: () => "/",
		http: {
			maxHeaderSize: LONGEST_HEADERS,
			headersTimeout: limits.request,
			connectionsCheckingInterval: CHECKING_INTERVAL,
			// Nova answers a request without Host, and some guests' boot loaders send none.
			requireHostHeader: false,
		},
		clientErrorHandler(error, socket) {
			if (error.code === "ECONNRESET" || !socket.writable) socket.destroy();
			else refuse(socket);
		},
	});
	app.server.on("checkExpectation", (_request, { socket }) => refuse(socket));
	app.server.on("connect", (_request, socket) => refuse(socket));
	app.removeAllContentTypeParsers();
	app.addContentTypeParser("*", { parseAs: "buffer" }, (_request, body, done) => done(null, body));
	return app;
}

function watchConnections(
	{ server }: FastifyInstance,
	connections: Set<Socket>,
	limits: Limits,
	metrics: ListenerMetrics,
): void {
	server.maxConnections = limits.connections;
	server.on("drop", metrics.connectionRefused);
	server.on("close", () => metrics.up(false));
	server.on("connection", (socket) => {
		connections.add(socket);
		metrics.connections.inc();
		socket.once("close", () => {
			connections.delete(socket);
			metrics.connections.dec();
		});
	});
}

function begin(request: FastifyRequest, reply: FastifyReply): Exchange {
	return { request, reply, path: normalizePath(request.originalUrl), started: performance.now() };
}

function attempt(answers: GuestAnswers, { request, path }: Exchange): Outcome | Promise<Outcome> {
	const { raw, method, body } = request;
	try {
		const posted = body instanceof Uint8Array ? body : undefined;
		return answers({ rawHeaders: raw.rawHeaders, socket: raw.socket, method, path, body: posted });
	} catch (error) {
		return failure(error);
	}
}

/** A request whose body can't be read or is too long, in fastify's words. */
function unreadable(error: FastifyError): NotAnswered {
	if (error.code === "FST_ERR_CTP_BODY_TOO_LARGE") return tooLarge();
	return (error.statusCode ?? 500) < 500 ? { status: 400, reason: "bad-request" } : failure(error);
}

function send(reply: FastifyReply, outcome: Outcome): void {
	if (outcome.status === 503) reply.raw.setHeader("retry-after", RETRY_AFTER);
	if (outcome.status === 200) write(reply, 200, outcome.answer);
	else write(reply, outcome.status, textAnswer(errorBody(outcome.status, outcome.explanation)));
}

/** Past fastify's own `send`, which adds a charset to JSON. */
function write(reply: FastifyReply, status: number, { body, contentType }: TreeAnswer): void {
	const { raw } = reply.hijack();
	raw.writeHead(status, { "content-type": contentType, "content-length": body.length });
	// As text, node writes it in one piece with the head; bytes are a piece of their own.
	if (body.length > LONGEST_TEXT) raw.end(body);
	else raw.end(Buffer.from(body.buffer, body.byteOffset, body.length).toString("latin1"), "latin1");
}
