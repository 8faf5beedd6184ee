import { once } from "node:events";
import { createServer } from "node:http";
import { type AddressInfo, connect, Socket } from "node:net";
import { expect, it, onTestFinished } from "vitest";
import { createAcceptFirst } from "./accept-first.ts";

const CONNECTIONS = 200;
const REQUESTS = 5;
/** Milliseconds that each response takes of the event loop. */
const WORK = 0.5;

it("lets no connection wait while others that arrived at the same time send request after request", async () => {
	const acceptFirst = createAcceptFirst();
	/** Local ports, in the order of their requests. */
	const handled: number[] = [];
	const server = createServer((request, response) =>
		acceptFirst.handle(request.socket, () => {
			handled.push(request.socket.remotePort ?? 0);
			for (const end = performance.now() + WORK; performance.now() < end; );
			response.end();
		}),
	);
	server.on("connection", acceptFirst.accepted);
	onTestFinished(() => void server.closeAllConnections());
	server.listen({ port: 0, host: "127.0.0.1", backlog: CONNECTIONS });
	await once(server, "listening");
	const { port } = server.address() as AddressInfo;

	await Promise.all(Array.from({ length: CONNECTIONS }, () => askAgainAndAgain(connect(port, "127.0.0.1"))));

	const last = Math.max(...[...new Set(handled)].map((client) => handled.indexOf(client)));
	expect(handled).toHaveLength(CONNECTIONS * REQUESTS);
	expect(last).toBeLessThan(2 * CONNECTIONS);
	server.close();
});

it("handles the requests of connections in turn, and none of one that has closed", async () => {
	const acceptFirst = createAcceptFirst();
	const [many, closed, one] = [new Socket(), new Socket(), new Socket()];
	const handled: string[] = [];
	const ask = (socket: Socket, name: string) => acceptFirst.handle(socket, () => handled.push(name));
	acceptFirst.accepted();
	for (const name of ["first", "second", "third"]) ask(many, name);
	for (const name of ["lost", "lost too"]) ask(closed, name);
	ask(one, "other");
	expect(handled).toEqual([]);
	closed.destroy();
	await expect.poll(() => handled).toContain("third");
	expect(handled).toEqual(["first", "other", "second", "third"]);
});

it("handles the oldest request at once when too many wait", () => {
	const acceptFirst = createAcceptFirst();
	const handled: number[] = [];
	acceptFirst.accepted();
	for (let n = 0; n < 5000; n++) acceptFirst.handle(new Socket(), () => handled.push(n));
	expect(handled).toEqual(Array.from({ length: 3000 }, (_, n) => n));
});

it("handles a connection's requests before its end", () => {
	const acceptFirst = createAcceptFirst();
	const [ending, other] = [new Socket(), new Socket()];
	const handled: string[] = [];
	acceptFirst.accepted();
	for (const name of ["first", "second"]) acceptFirst.handle(ending, () => handled.push(name));
	acceptFirst.handle(other, () => handled.push("other"));
	acceptFirst.flush(ending);
	expect(handled).toEqual(["first", "second"]);
});

async function askAgainAndAgain(socket: Socket): Promise<void> {
	onTestFinished(() => void socket.destroy());
	for (let request = 0; request < REQUESTS; request++) {
		socket.write("GET / HTTP/1.1\r\nHost: test\r\n\r\n");
		await once(socket, "data");
	}
}
