/** Tries the addresses of the configuration's listeners, so that `serve` does not end at a port that is taken. */
import { once } from "node:events";
import { type IncomingMessage, request } from "node:http";
import { createServer } from "node:net";
import { asListener, type ListenAddress, listenOn, parseListenAddress } from "../http/listen.ts";
import { type CheckResult, checkPart } from "../source/source-kind.ts";
import type { Config } from "./config-schema.ts";

/** Milliseconds. */
const PROBE_TIMEOUT = 2000;

/** One check for each listener. While `serve` runs with the same operator address, the addresses are its own. */
export async function checkListeners({ metadata, operator }: Config): Promise<readonly CheckResult[]> {
	const isServing = await isGuestwire(operator.listen);
	const check = (part: string, listen: string) =>
		checkPart(`listener ${part}`, async () => {
			if (isServing) return `${listen}: Guestwire is running`;
			await tryListening(parseListenAddress(listen));
			return `${listen} is free`;
		});
	const results: CheckResult[] = [];
	for (const { listen, identity } of metadata) results.push(await check(identity, listen));
	results.push(await check("operator", operator.listen));
	return results;
}

/** @throws GuestwireError `listen` */
async function tryListening(address: ListenAddress): Promise<void> {
	const server = createServer();
	await listenOn(asListener(server), address);
	await new Promise((resolve) => server.close(resolve));
}

/** Whether the operator server of a running Guestwire answers there. Its probes need no token. */
async function isGuestwire(listen: string): Promise<boolean> {
	const address = parseListenAddress(listen);
	const place = "path" in address ? { socketPath: address.path } : { host: address.host, port: address.port };
	const signal = AbortSignal.timeout(PROBE_TIMEOUT);
	try {
		const probe = request({ ...place, path: "/healthz", signal }).end();
		const [response] = (await once(probe, "response", { signal })) as [IncomingMessage];
		const [chunk] = (await once(response, "data", { signal })) as [Buffer];
		probe.destroy();
		return response.statusCode === 200 && chunk.toString() === "ok\n";
	} catch {
		return false;
	}
}
