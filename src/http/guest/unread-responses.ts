/** Responses that clients have not read yet. They stay in memory, so they are limited in time and in bytes. */
import type { ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { getOrInsert } from "../../get-or-insert.ts";

export interface UnreadLimits {
	/** Milliseconds that a client may take to read a response; then its connection is closed: 20,000. */
	readonly write: number;
	/** Bytes of one listener's unread responses: 64 MiB. Beyond, the guest with most of them loses a connection. */
	readonly unread: number;
	/** One guest's connections with unread responses, also if they come through proxies: 64. */
	readonly unreadPerGuest: number;
}

export interface UnreadResponses {
	/** Watches a response that was just written, unless the kernel has taken all of it. */
	watch(response: ServerResponse, socket: Socket, guest: string, bytes: number): void;
	close(): void;
}

/** A connection with unread responses. */
interface Unread {
	readonly socket: Socket;
	readonly guest: string;
	responses: number;
	bytes: number;
	/** When the client last finished reading a response. Milliseconds of the performance clock. */
	since: number;
	readonly onClose: () => void;
}

const CHECK_INTERVAL = 500;

export function createUnreadResponses(limits: UnreadLimits): UnreadResponses {
	const { connections, insert, remove, resize, excess } = createLedger(limits);

	const begin = (socket: Socket, guest: string): Unread => {
		const onClose = () => remove(unread);
		const unread: Unread = { socket, guest, responses: 0, bytes: 0, since: performance.now(), onClose };
		insert(unread);
		socket.once("close", onClose);
		return unread;
	};
	/** The client has read a response. */
	const settle = (unread: Unread, bytes: number) => {
		if (!connections.has(unread.socket)) return;
		resize(unread, -bytes);
		remove(unread);
		unread.responses--;
		unread.since = performance.now();
		if (unread.responses > 0) insert(unread);
		else unread.socket.removeListener("close", unread.onClose);
	};
	const timer = setInterval(() => {
		const latest = performance.now() - limits.write;
		for (const { socket, since } of connections.values()) {
			if (since > latest) break;
			socket.destroy();
		}
	}, CHECK_INTERVAL).unref();

	return {
		watch(response, socket, guest, bytes) {
			const isTaken = response.socket !== null && socket.writableLength === 0;
			if (isTaken || socket.destroyed) return;
			const unread = connections.get(socket) ?? begin(socket, guest);
			unread.responses++;
			resize(unread, bytes);
			response.once("close", () => settle(unread, bytes));
			const closed = excess(unread);
			if (closed === undefined) return;
			// Now: its socket only closes once the requests that were read together are answered.
			remove(closed);
			closed.socket.destroy();
		},
		close: () => clearInterval(timer),
	};
}

/** What one guest has not read. */
interface Share {
	bytes: number;
	/** Longest waiting first. */
	readonly connections: Set<Unread>;
}

/** Which connections have unread responses, and which one has to go if they are too many. */
function createLedger(limits: UnreadLimits) {
	/** Longest waiting first. */
	const connections = new Map<Socket, Unread>();
	const shares = new Map<string, Share>();
	let total = 0;

	const shareOf = (guest: string): Share => getOrInsert(shares, guest, () => ({ bytes: 0, connections: new Set() }));
	return {
		connections: connections as ReadonlyMap<Socket, Unread>,
		insert(unread: Unread) {
			connections.set(unread.socket, unread);
			const share = shareOf(unread.guest);
			share.connections.add(unread);
			share.bytes += unread.bytes;
			total += unread.bytes;
		},
		remove(unread: Unread) {
			if (!connections.delete(unread.socket)) return;
			const share = shareOf(unread.guest);
			share.connections.delete(unread);
			share.bytes -= unread.bytes;
			total -= unread.bytes;
			if (share.connections.size === 0) shares.delete(unread.guest);
		},
		resize(unread: Unread, change: number) {
			unread.bytes += change;
			shareOf(unread.guest).bytes += change;
			total += change;
		},
		/** The connection to close, if any: the guest's own longest waiting, or that of the guest with most bytes. */
		excess({ guest }: Unread): Unread | undefined {
			const own = shareOf(guest);
			if (own.connections.size > limits.unreadPerGuest) return first(own.connections);
			if (total <= limits.unread || connections.size === 1) return undefined;
			const most = [...shares.values()].reduce((a, b) => (b.bytes > a.bytes ? b : a));
			return first(most.connections);
		},
	};
}

function first<T>([item]: Iterable<T>): T | undefined {
	return item;
}
