/**
 * Accepts pending connections before handling requests.
 *
 * Node accepts one connection per turn of the event loop (libuv's pull request 3696). When hundreds of guests connect at
 * once, a turn that handles the requests of those accepted already takes long: the last ones would be accepted only when
 * the first ones have been answered several times.
 */
import type { Socket } from "node:net";
import { getOrInsert } from "../../get-or-insert.ts";

export interface AcceptFirst {
	/** A connection has been accepted. */
	accepted(): void;
	/** Handles a request: at once, or after connections and other guests' requests. Not if its client has gone meanwhile. */
	handle(socket: Socket, request: () => void): void;
	/** Handles a connection's requests at once: node closes it when the client closes its side, whatever waits. */
	flush(socket: Socket): void;
}

/** Milliseconds in which only connections are accepted. */
const ACCEPTING = 100;
/** Milliseconds between the starts of two such periods, at least. */
const INTERVAL = 1000;
/** Requests that wait. With each further one, one is handled at once, so that the event loop reads no more of them. */
const MOST_WAITING = 2000;
/** Requests handled in one turn, at most: about a millisecond's work. */
const MOST_PER_TURN = 32;

export function createAcceptFirst(): AcceptFirst {
	const waiting = createQueues();
	/** Whether a turn is scheduled. */
	let isBusy = false;
	let hasAccepted = false;
	/** Milliseconds of the performance clock. */
	let since = Number.NEGATIVE_INFINITY;

	/** Requests per turn: one while connections arrive, then more, since each turn costs a system call. */
	let perTurn = 1;

	/** Runs after each look for connections and requests. */
	const turn = () => {
		const onlyAccepts = hasAccepted && performance.now() - since < ACCEPTING;
		perTurn = hasAccepted ? 1 : Math.min(2 * perTurn, MOST_PER_TURN);
		const requests = onlyAccepts ? [] : waiting.next(perTurn);
		isBusy = hasAccepted || waiting.size() > 0;
		hasAccepted = false;
		if (isBusy) setImmediate(turn);
		for (const request of requests) request();
	};
	return {
		accepted() {
			hasAccepted = true;
			if (isBusy) return;
			isBusy = true;
			const now = performance.now();
			if (now - since > INTERVAL) since = now;
			setImmediate(turn);
		},
		handle(socket, request) {
			if (!isBusy) return request();
			waiting.add(socket, request);
			if (waiting.size() > MOST_WAITING) waiting.next(1)[0]?.();
		},
		flush(socket) {
			for (const request of waiting.remove(socket)) request();
		},
	};
}

type Request = () => void;

/** The requests of each connection, in order. The connections take turns. */
function createQueues() {
	const queues = new Map<Socket, Request[]>();
	let size = 0;
	const remove = (socket: Socket): Request[] => {
		const requests = queues.get(socket) ?? [];
		queues.delete(socket);
		size -= requests.length;
		return requests;
	};
	return {
		size: () => size,
		add(socket: Socket, request: Request) {
			getOrInsert(queues, socket, () => []).push(request);
			size++;
		},
		remove,
		/** Up to `most` requests. The connections that are still open take turns. */
		next(most: number): Request[] {
			const requests: Request[] = [];
			for (const socket of queues.keys()) {
				if (requests.length >= most) break;
				const [request, ...later] = remove(socket);
				if (request === undefined || socket.destroyed) continue;
				if (later.length > 0) queues.set(socket, later);
				size += later.length;
				requests.push(request);
			}
			return requests;
		},
	};
}
