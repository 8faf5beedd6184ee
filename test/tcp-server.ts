/** A server that speaks a protocol no further than a test needs. It ends with the test. */
import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { onTestFinished } from "vitest";

export interface TcpServer {
	readonly port: number;
	/** The connections that are open. */
	readonly open: ReadonlySet<Socket>;
}

/** @param answer called for each connection. Returns what each of its chunks of bytes is answered with */
export async function startTcpServer(answer: () => (request: Buffer) => Buffer): Promise<TcpServer> {
	const open = new Set<Socket>();
	const server = createServer((socket) => {
		open.add(socket);
		socket.once("close", () => open.delete(socket));
		socket.on("error", () => {});
		const answerTo = answer();
		socket.on("data", (request) => void socket.write(answerTo(request)));
	});
	server.listen(0, "127.0.0.1");
	await once(server, "listening");
	onTestFinished(() => {
		for (const socket of open) socket.destroy();
		server.close();
	});
	return { port: (server.address() as AddressInfo).port, open };
}
