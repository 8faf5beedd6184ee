import type { Duplex } from "node:stream";

/** Milliseconds that a client gets to read the last response. Closing at once could reset what it has not read. */
const LINGER = 1000;

/** Sends a last response, if any, and closes the connection even if the client goes on sending. */
export function endConnection(socket: Duplex, response = ""): void {
	// The client may be gone, which does not matter here.
	socket.on("error", () => {});
	socket.end(response);
	setTimeout(() => socket.destroy(), LINGER).unref();
}
