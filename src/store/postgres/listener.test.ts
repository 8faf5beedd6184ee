import { expect, test } from "vitest";
import { startTcpServer } from "../../../test/tcp-server.ts";
import { listen } from "./listener.ts";

/** A message of PostgreSQL's protocol. https://www.postgresql.org/docs/current/protocol-message-formats.html */
function message(type: string, body: Buffer): Buffer {
	const length = Buffer.alloc(4);
	length.writeInt32BE(body.length + 4);
	return Buffer.concat([Buffer.from(type), length, body]);
}

const AUTHENTICATED = message("R", Buffer.alloc(4));
const READY = message("Z", Buffer.from("I"));
const DONE = message("C", Buffer.from("SET\0"));
/** What a standby server answers. */
const REFUSED = message("E", Buffer.from("SERROR\0VERROR\0C25006\0Mcannot execute LISTEN during recovery\0\0"));

/** A server that takes connections and any statement but LISTEN. */
async function startStandby() {
	let connections = 0;
	const { port, open } = await startTcpServer(() => {
		connections++;
		// The first message is the start-up.
		let answer = (_request: Buffer) => AUTHENTICATED;
		return (request) => {
			const answered = Buffer.concat([answer(request), READY]);
			answer = (query) => (/listen/.test(query.toString()) ? REFUSED : DONE);
			return answered;
		};
	});
	return { url: `postgres://guestwire@127.0.0.1:${port}/state`, open, connections: () => connections };
}

test("a server that refuses LISTEN is asked again, and no connection to it stays open", async () => {
	const { url, open, connections } = await startStandby();
	const end = listen(url, () => {});
	await expect.poll(connections, { timeout: 10_000 }).toBe(3);
	expect(open.size).toBeLessThanOrEqual(1);
	await end();
	await expect.poll(() => open.size).toBe(0);
});
