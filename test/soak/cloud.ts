/**
 * The cloud of the soak test, in a process of its own. Its parent tells it how its APIs behave. Its message bus never works:
 * connections are left hanging, answered with junk, or closed, in turn.
 */
import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { setTimeout as later } from "node:timers";
import { type Fault, startFakeOpenStack } from "../fake-openstack.ts";

export const BEHAVIOURS = ["normal", "slow", "hung", "away"] as const;
export type Behaviour = (typeof BEHAVIOURS)[number];

const FAULTS: Readonly<Record<Behaviour, Fault | undefined>> = {
	normal: undefined,
	slow: (_response, answer) => void later(answer, 1500),
	hung: () => {},
	away: (response) => void response.socket?.destroy(),
};

const BROKEN: readonly ((socket: Socket) => unknown)[] = [
	(socket) => socket.resume(),
	(socket) => socket.end("HTTP/1.1 400 Bad Request\r\n\r\n"),
	(socket) => socket.destroy(),
];

/** @returns its port */
async function startBrokenBus(): Promise<number> {
	let connections = 0;
	const server = createServer((socket) => {
		socket.on("error", () => {});
		BROKEN[connections++ % BROKEN.length]?.(socket);
	}).listen(0, "127.0.0.1");
	await once(server, "listening");
	return (server.address() as AddressInfo).port;
}

if (import.meta.main) {
	const fake = await startFakeOpenStack();
	// Unless it says otherwise, its tokens would be as old as the recording.
	fake.issuedAt = () => Date.now();
	process.on("message", (behaviour: Behaviour) => {
		fake.fault = () => FAULTS[behaviour];
		// Thousands of requests: only their number matters to nobody here.
		fake.requests.length = 0;
	});
	process.on("disconnect", () => process.exit());
	process.send?.({ ...fake.env, BUS_PORT: String(await startBrokenBus()) });
}
