/** A TCP proxy whose connections can be frozen: they stay open, and nothing passes any more, as when packets are lost. */
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";

export interface FreezingProxy {
	readonly port: number;
	/** Freezes the connections that are open, for ever, and those that are made until `thaw`. */
	freeze(): void;
	/** New connections work again. */
	thaw(): void;
	close(): Promise<void>;
}

/** @param target a unix socket */
export async function startFreezingProxy(target: string): Promise<FreezingProxy> {
	const sockets = new Set<Socket>();
	let isFrozen = false;
	const server = createServer((client) => {
		const upstream = connect(target);
		for (const socket of [client, upstream]) {
			sockets.add(socket);
			socket.on("error", () => {});
			socket.on("close", () => sockets.delete(socket));
		}
		if (isFrozen) return;
		client.pipe(upstream);
		upstream.pipe(client);
	});
	server.listen(0, "127.0.0.1");
	await once(server, "listening");
	return {
		port: (server.address() as AddressInfo).port,
		freeze() {
			isFrozen = true;
			for (const socket of sockets) socket.unpipe().pause();
		},
		thaw() {
			isFrozen = false;
		},
		async close() {
			for (const socket of sockets) socket.destroy();
			server.close();
			await once(server, "close");
		},
	};
}
