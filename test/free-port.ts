/** Ports for other programs, which can't be told to take any that is free. */
import { randomInt } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:net";

/** Below the ports that the system gives to whoever wants any: one of those is soon somebody's again. */
const FIRST = 20_000;
const COUNT = 12_000;

/** A port of 127.0.0.1 that nobody listens on, and that stays free while its program restarts. */
export async function freePort(): Promise<number> {
	for (;;) {
		const port = FIRST + randomInt(COUNT);
		const server = createServer().listen(port, "127.0.0.1");
		const isFree = await once(server, "listening").then(
			() => true,
			() => false,
		);
		if (!isFree) continue;
		server.close();
		await once(server, "close");
		return port;
	}
}
