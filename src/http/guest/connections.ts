/** The connections of one listener, and the limits that make each of them end. */
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { LRUCache } from "lru-cache";
import { createKeyCounts } from "../../key-counts.ts";
import type { ListenerMetrics } from "../../service/metrics.ts";
import { endConnection } from "../end-connection.ts";
import type { Target } from "./target.ts";

export interface ConnectionLimits {
	/** Open connections of one listener; any further one is closed at once: 10,000. */
	readonly connections: number;
	/** Open connections from one guest's address, where guests connect themselves: 64. */
	readonly connectionsPerGuest: number;
	/** New connections per second from one guest's address, where guests connect themselves: 100. */
	readonly connectionsPerSecond: number;
	/**
	 * Open connections from addresses at which no instance has been found yet, where guests connect themselves: 2,500. A
	 * guest can make up any number of addresses. Beyond, the one that is open for longest without a request is closed, or else the new one.
	 */
	readonly unownedConnections: number;
	/** Requests of one connection whose responses are not written; a further one ends it, after these: 8. */
	readonly pipelined: number;
}

/** A request and the response to it, which may not be written yet. */
export interface Exchange {
	readonly request: IncomingMessage;
	readonly response: ServerResponse;
	readonly target: Target;
	/** Milliseconds of the performance clock. */
	readonly started: number;
}

export interface Connections {
	/** Whether a request may be handled: false on a connection with too many unanswered ones, which then ends. */
	admit(exchange: Exchange): boolean;
	/** The connection's latest request, while its response is not written. */
	latest(socket: Duplex): Exchange | undefined;
	/** A request of the connection was identified as an instance's. */
	identified(socket: Socket): void;
	/** Closes the connections that never sent a byte; node closes those between two requests. */
	closeUnused(): void;
	closeAll(): void;
}

export interface ConnectionsOptions {
	readonly limits: ConnectionLimits;
	readonly metrics: ListenerMetrics;
	/** Whether each peer address is a guest, and not a proxy for many. */
	readonly isPeerGuest: boolean;
	/** Called for each connection that is not refused. */
	readonly accepted: (socket: Socket) => void;
}

interface Pipeline {
	/** Requests behind the one whose response is written next. */
	queued: number;
	isFull: boolean;
	latest: Exchange | undefined;
}

export function watchConnections(server: Server, options: ConnectionsOptions): Connections {
	const { limits, metrics, isPeerGuest, accepted } = options;
	const pipelines = createPipelines(limits);
	const isAsking = (socket: Socket) => pipelines.latest(socket) !== undefined;
	const peers = isPeerGuest ? createPeers(limits, metrics, isAsking) : undefined;
	server.maxConnections = limits.connections;
	server.on("drop", metrics.connectionRefused);
	server.on("close", () => {
		peers?.close();
		metrics.up(false);
	});
	server.on("connection", (socket: Socket) => {
		const { remoteAddress: peer } = socket;
		if (peer !== undefined && peers?.admit(peer, socket) === false) {
			metrics.connectionRefused();
			socket.destroy();
			return;
		}
		pipelines.add(socket);
		metrics.connections.inc();
		accepted(socket);
		socket.once("close", () => {
			pipelines.delete(socket);
			metrics.connections.dec();
		});
	});
	return {
		admit: pipelines.admit,
		identified: (socket) => peers?.identified(socket),
		latest: pipelines.latest,
		closeUnused() {
			for (const socket of pipelines.sockets()) if ((socket as Socket).bytesRead === 0) socket.destroy();
		},
		closeAll() {
			for (const socket of pipelines.sockets()) socket.destroy();
		},
	};
}

/** The open connections, each with its requests whose responses are not written. */
function createPipelines({ pipelined }: Pick<ConnectionLimits, "pipelined">) {
	const pipelines = new Map<Duplex, Pipeline>();
	return {
		add: (socket: Socket) => void pipelines.set(socket, { queued: 0, isFull: false, latest: undefined }),
		delete: (socket: Socket) => pipelines.delete(socket),
		sockets: () => pipelines.keys(),
		/** See `Connections.latest`. */
		latest(socket: Duplex): Exchange | undefined {
			const latest = pipelines.get(socket)?.latest;
			return latest?.response.writableFinished ? undefined : latest;
		},
		/** See `Connections.admit`. */
		admit(exchange: Exchange): boolean {
			const { socket } = exchange.request;
			const pipeline = pipelines.get(socket);
			if (pipeline === undefined) return false;
			// Node gives a response its socket once all responses before it are written.
			const isNext = exchange.response.socket !== null;
			if (pipeline.isFull || (!isNext && pipeline.queued + 1 >= pipelined)) {
				pipeline.isFull = true;
				socket.pause();
				return false;
			}
			pipeline.latest = exchange;
			if (isNext) return true;
			pipeline.queued++;
			exchange.response.once("close", () => {
				pipeline.queued--;
				if (pipeline.isFull && pipeline.queued === 0) endConnection(socket);
			});
			return true;
		},
	};
}

/** Milliseconds. */
const SECOND = 1000;
/** Addresses of instances that are remembered. */
const MOST_OWNED = 10_000;

/**
 * The connections from each address.
 *
 * @param isAsking whether a request of the connection has not been answered yet
 */
function createPeers(
	limits: ConnectionLimits,
	metrics: Pick<ListenerMetrics, "connectionRefused">,
	isAsking: (socket: Socket) => boolean,
) {
	const { connectionsPerGuest, connectionsPerSecond, unownedConnections } = limits;
	const open = createKeyCounts();
	const owned = new LRUCache<string, true>({ maxSize: MOST_OWNED, sizeCalculation: () => 1 });
	/** In the order in which they were opened. */
	const unowned = new Set<Socket>();
	/** In this second. */
	const opened = new Map<string, number>();
	const timer = setInterval(() => opened.clear(), SECOND).unref();

	/** @returns whether there is a place: one without a request leaves it, since a guest may wait on any other */
	function addUnowned(socket: Socket): boolean {
		if (unowned.size >= unownedConnections) {
			const unused = unowned.values().find((other) => !isAsking(other));
			if (unused === undefined) return false;
			unowned.delete(unused);
			metrics.connectionRefused();
			unused.destroy();
		}
		unowned.add(socket);
		return true;
	}

	return {
		/** Whether the connection is within its guest's limits; then it counts until it closes. */
		admit(peer: string, socket: Socket): boolean {
			const recent = (opened.get(peer) ?? 0) + 1;
			opened.set(peer, recent);
			if (open.of(peer) >= connectionsPerGuest || recent > connectionsPerSecond) return false;
			if (owned.get(peer) === undefined && !addUnowned(socket)) return false;
			open.add(peer);
			socket.once("close", () => {
				unowned.delete(socket);
				open.remove(peer);
			});
			return true;
		},
		identified(socket: Socket): void {
			unowned.delete(socket);
			if (socket.remoteAddress !== undefined) owned.set(socket.remoteAddress, true);
		},
		close: () => clearInterval(timer),
	};
}
