/**
 * One listener of the metadata service. A request passes these steps, each in a file of its own:
 *
 * 1. connections.ts: the connection is open and has not too many requests
 * 2. server.ts: node parses the request; accept-first.ts lets other connections be accepted before it is handled
 * 3. handler.ts: identity/ finds out who asks, load-instance.ts loads the instance, the document is looked up
 *    (password.ts and request-body.ts for the one that guests write)
 * 4. admission.ts: what is not known at once waits within limits
 * 5. response.ts: the response is written
 * 6. unread-responses.ts: the client reads it in time
 * 7. report.ts: log, metrics and request history
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import type { Log } from "../../service/log.ts";
import type { Metrics } from "../../service/metrics.ts";
import { endConnection } from "../end-connection.ts";
import { asListener, type ListenAddress, listenOn } from "../listen.ts";
import { createAcceptFirst } from "./accept-first.ts";
import type { AdmissionLimits } from "./admission.ts";
import { type ConnectionLimits, type Exchange, watchConnections } from "./connections.ts";
import type { GuestHandler } from "./handler.ts";
import type { IdentityMode } from "./identity/index.ts";
import { createReport, type ReportOptions } from "./report.ts";
import { hasBody, readBody } from "./request-body.ts";
import { type GuestResponse, rawBadRequest, writeResponse } from "./response.ts";
import { createGuestServer } from "./server.ts";
import { targetOf } from "./target.ts";
import { createUnreadResponses, type UnreadLimits } from "./unread-responses.ts";

export interface Limits extends AdmissionLimits, ConnectionLimits, UnreadLimits {
	/** Milliseconds that a client may take to send a request: 10,000. */
	readonly request: number;
}

export interface GuestListenerOptions {
	readonly address: ListenAddress;
	readonly mode: IdentityMode;
	readonly handler: GuestHandler;
	readonly log: Log;
	readonly metrics: Metrics;
	readonly limits: Limits;
	/** See ReportOptions. */
	readonly record?: ReportOptions["record"];
}

export interface GuestListener {
	/** @returns the address that it listens on */
	start(): Promise<string>;
	/** Takes no new connections, answers the requests in flight, then closes what is left. */
	close(): Promise<void>;
}

/** Milliseconds beyond the budget after which a closing listener stops waiting. */
const CLOSE_GRACE = 1000;

export function createGuestListener(options: GuestListenerOptions): GuestListener {
	const { address, mode, handler, log, metrics, limits, record } = options;
	const report = createReport({ identity: mode, listen: address.text, log, metrics, record });
	const unread = createUnreadResponses(limits);
	let closing = false;

	const finish = (exchange: Exchange, response: GuestResponse) => {
		const { request, response: to } = exchange;
		if (to.writableEnded) return;
		if (response.instance !== undefined) connections.identified(request.socket);
		const bytes = writeResponse(to, response, closing || mustClose(request, response));
		unread.watch(to, request.socket, response.instance ?? "", bytes);
		report(exchange, response, bytes);
	};
	const respond = (exchange: Exchange) => {
		const response = handle(handler, exchange);
		if (response instanceof Promise) response.then((settled) => finish(exchange, settled));
		else finish(exchange, response);
	};
	const acceptFirst = createAcceptFirst();
	const server = createGuestServer({
		requestTimeout: limits.request,
		onRequest(request, to) {
			const exchange = begin(request, to);
			if (connections.admit(exchange)) acceptFirst.handle(request.socket, () => respond(exchange));
		},
		onUnknownExpectation(request, to) {
			const exchange = begin(request, to);
			if (connections.admit(exchange)) finish(exchange, { reason: "bad-request" });
		},
		onMalformed(socket) {
			acceptFirst.flush(socket as Socket);
			const latest = connections.latest(socket);
			if (latest?.request.complete === false) finish(latest, { reason: "bad-request" });
			else if (latest !== undefined) socket.destroy();
			else {
				metrics.refused(mode, "bad-request");
				endConnection(socket, rawBadRequest());
			}
		},
	});
	const listenerMetrics = metrics.listener(address.text, mode);
	const isPeerGuest = mode === "address";
	const accepted = (socket: Socket) => {
		socket.prependOnceListener("end", () => acceptFirst.flush(socket));
		acceptFirst.accepted();
	};
	const connections = watchConnections(server, { limits, metrics: listenerMetrics, isPeerGuest, accepted });
	return {
		async start() {
			const where = await listenOn(asListener(server), address);
			listenerMetrics.up(true);
			return where;
		},
		async close() {
			closing = true;
			connections.closeUnused();
			const deadline = setTimeout(connections.closeAll, limits.budget + CLOSE_GRACE);
			await new Promise((resolve) => server.close(resolve));
			clearTimeout(deadline);
			unread.close();
		},
	};
}

function begin(request: IncomingMessage, response: ServerResponse): Exchange {
	return { request, response, target: targetOf(request.url ?? ""), started: performance.now() };
}

function handle(handler: GuestHandler, exchange: Exchange): GuestResponse | Promise<GuestResponse> {
	const { request, response, target } = exchange;
	const { rawHeaders, socket, method = "" } = request;
	return handler({ rawHeaders, socket, method, target, readBody: (limit) => readBody(request, response, limit) });
}

/** Whether the connection can't be used again: the rest of an unwanted body is not read. */
function mustClose(request: IncomingMessage, response: GuestResponse): boolean {
	if ("reason" in response && response.reason === "bad-request") return true;
	return hasBody(request) && !request.complete;
}
