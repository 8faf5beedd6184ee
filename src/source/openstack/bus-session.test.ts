import { expect, test } from "vitest";
import { startTcpServer } from "../../../test/tcp-server.ts";
import { openBusSession } from "./bus-session.ts";

/** A frame with a method of the class `connection`. AMQP 0-9-1, sections 2.3.5 and 1.4. */
function frame(method: number, ...parts: readonly (string | readonly number[])[]): Buffer {
	const payload = Buffer.concat([Buffer.from([0, 10, 0, method]), ...parts.map((part) => Buffer.from(part as string))]);
	const size = Buffer.alloc(4);
	size.writeUInt32BE(payload.length);
	return Buffer.concat([Buffer.from([1, 0, 0]), size, payload, Buffer.from([0xce])]);
}

const START = frame(10, [0, 9, 0, 0, 0, 0, 0, 0, 0, 5], "PLAIN", [0, 0, 0, 5], "en_US");
const TUNE = frame(30, [0, 100, 0, 2, 0, 0, 0, 0]);
const OPEN_OK = frame(41, [0]);

/** A broker that takes connections, and answers nothing on them. */
const startSilentBroker = () =>
	startTcpServer(() => {
		const answers = [START, TUNE, OPEN_OK].values();
		return () => answers.next().value ?? Buffer.of();
	});

test("a broker that takes a connection and then answers nothing is given up, so that another one is tried", async () => {
	const { port, open } = await startSilentBroker();
	const host = { host: "127.0.0.1", port, username: "guest", password: "guest" };
	const address = { hosts: [host], virtualHost: "/", tls: undefined, external: false };
	await expect(openBusSession(address, host, async () => {}, 200)).rejects.toThrow("the broker does not answer");
	await expect.poll(() => open.size).toBe(0);
});
