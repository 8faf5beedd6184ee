/** A way to a server that can be cut. */
import { connect, createServer, type Server, type Socket } from "node:net";
import { freePort } from "../../free-port.ts";

export interface Forwarder {
	readonly port: number;
	/** Ends the connections, and refuses new ones. */
	cut(): Promise<void>;
	restore(): Promise<void>;
}

/** Takes connections for a port of the loopback. */
export async function startForwarder(target: number): Promise<Forwarder> {
	const sockets = new Set<Socket>();
	const port = await freePort();
	let server: Server;
	const restore = async () => {
		server = createServer((near) => {
			const far = connect(target, "127.0.0.1");
			for (const socket of [near, far]) sockets.add(socket.on("error", () => {}));
			near.pipe(far).pipe(near);
			near.on("close", () => far.destroy());
			far.on("close", () => near.destroy());
		});
		await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
	};
	await restore();
	return {
		port,
		async cut() {
			server.close();
			for (const socket of sockets) socket.destroy();
			sockets.clear();
		},
		restore,
	};
}
