/** The HTTP server below a listener of the metadata service. */
import { createServer, type RequestListener, type Server } from "node:http";
import type { Duplex } from "node:stream";

export interface GuestServerOptions {
	/** Milliseconds that a client may take to send a request. */
	readonly requestTimeout: number;
	readonly onRequest: RequestListener;
	/** A parsed request with an `Expect` other than `100-continue`. */
	readonly onUnknownExpectation: RequestListener;
	/** Bytes that are not an HTTP/1 request, or not in time. */
	readonly onMalformed: (socket: Duplex) => void;
}

/** Milliseconds that an idle connection stays open, and between two searches for slow ones. */
const KEEP_ALIVE_TIMEOUT = 30_000;
const CHECK_INTERVAL = 1000;
/** Bytes of a request's line and headers. */
const MAX_HEADERS = 16 * 1024;

/**
 * A server that never answers by itself with a status that Neutron's proxies don't pass on: 408, 413, 417 and 431 are
 * node's own answers.
 */
export function createGuestServer(options: GuestServerOptions): Server {
	const { requestTimeout, onRequest, onUnknownExpectation, onMalformed } = options;
	const server = createServer(
		{
			requestTimeout,
			headersTimeout: requestTimeout,
			connectionsCheckingInterval: CHECK_INTERVAL,
			keepAliveTimeout: KEEP_ALIVE_TIMEOUT,
			maxHeaderSize: MAX_HEADERS,
			// No stream events for a request without a body.
			optimizeEmptyRequests: true,
			// Nova answers requests without Host, and some boot loaders send none.
			requireHostHeader: false,
		},
		onRequest,
	);
	// The body reader sends "100 Continue" if it wants the body.
	server.on("checkContinue", onRequest);
	server.on("checkExpectation", onUnknownExpectation);
	server.on("connect", (_request, socket) => {
		// Node no longer listens for errors of this socket, and one without a listener ends the process.
		socket.on("error", () => socket.destroy());
		onMalformed(socket);
	});
	server.on("clientError", (error: NodeJS.ErrnoException, socket) => {
		if (error.code === "ECONNRESET" || !socket.writable) socket.destroy();
		else onMalformed(socket);
	});
	return server;
}
