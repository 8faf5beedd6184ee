/**
 * Hostile clients: every connection ends, and one guest does not take the others' share.
 *
 * @module-tag slow
 */
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
	endpoint,
	guest,
	instancesOf,
	parseAnswer,
	SECRET,
	send,
	signedHeaders,
	startTestService,
	type TestService,
} from "../../../test/metadata-service.ts";
import type { Owner } from "../../source/source.ts";
import type { Limits } from "./listener.ts";

const PATH = "/openstack/latest/network_data.json";
const USER_DATA = "/openstack/latest/user_data";

const hostile = guest({ id: "hostile", address: "10.0.0.5", userData: Buffer.alloc(48 * 1024, "x") });
const honest = guest({ id: "honest", address: "10.0.0.6" });
/** More than the kernel buffers for a connection, however much memory the machine has. */
const MANY_BYTES = 32 * 1024 * 1024;
const huge = guest({ id: "huge", address: "10.0.0.7", userData: Buffer.alloc(MANY_BYTES, "x") });
const lines = (headers: readonly (readonly [string, string])[]) =>
	headers.map(([name, value]) => `${name}: ${value}\r\n`).join("");

let service: TestService;
const sockets: Socket[] = [];
afterEach(async () => {
	for (const socket of sockets.splice(0)) socket.destroy();
	await service?.close();
});

type Listener = Parameters<typeof startTestService>[0][number];
const signed: Listener = { listen: "127.0.0.1:0", identity: { mode: "signed", secret: SECRET } };
const instances = instancesOf([hostile, honest, huge]);

async function start(limits: Partial<Limits>, listener = signed, from = instances) {
	service = await startTestService([listener], { instances: from, limits });
}

/** A client that sends without reading; errors are expected, because the other side closes. */
function open(options: object = {}): Socket {
	const socket = connect({ ...endpoint(service.addresses[0] ?? ""), ...options } as never);
	socket.on("error", () => {});
	sockets.push(socket);
	return socket;
}

/** Connections on which one guest asks for more than it reads; returns when all responses have begun. */
async function openWithoutReading(count: number): Promise<void> {
	const request = `GET ${USER_DATA} HTTP/1.1\r\n${lines(signedHeaders(huge))}\r\n`;
	for (let connection = 0; connection < count; connection++) open().pause().write(request);
	await expect.poll(() => service.lines.length, { timeout: 10_000 }).toBe(count);
}

const openConnections = async () =>
	Number(/listener_connections\{[^}]*\} (\d+)/.exec(await service.metrics.registry.metrics())?.[1]);
const expectOpen = (count: number, timeout = 5000) => expect.poll(openConnections, { timeout }).toBe(count);

describe("every connection ends", () => {
	it("that pipelines thousands of requests and never reads the responses", async () => {
		await start({ write: 300 });
		const request = `GET ${USER_DATA} HTTP/1.1\r\n${lines(signedHeaders(hostile))}\r\n`;
		const socket = open();
		socket.pause();
		socket.write(request.repeat(5000));
		await expect.poll(() => service.lines.length).toBeGreaterThan(0);
		await expectOpen(0);
		expect(service.lines.length).toBeLessThan(500);
	});

	it("that pipelines too much and reads: after the responses to the first requests", async () => {
		await start({ pipelined: 10 });
		const socket = open();
		const chunks: Buffer[] = [];
		socket.on("data", (chunk) => chunks.push(chunk));
		socket.write("GET / HTTP/1.1\r\n\r\n".repeat(1000));
		await once(socket, "close");
		expect(
			Buffer.concat(chunks)
				.toString()
				.match(/HTTP\/1.1 200/g),
		).toHaveLength(10);
	});

	it.each([
		["an unknown Expect", `GET ${PATH} HTTP/1.1\r\nExpect: miracles\r\n\r\n`],
		["Expect, without the body", `POST ${PATH} HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n`],
		["CONNECT", "CONNECT 169.254.169.254:80 HTTP/1.1\r\n\r\n"],
		["garbage", "\0"],
		["half a request", "GET / HTTP/1.1\r\nX-"],
		[
			"half a password",
			`POST /openstack/latest/password HTTP/1.1\r\n${lines(signedHeaders(hostile))}Content-Length: 5\r\n\r\nab`,
		],
		["nothing", ""],
	])("that sends %s and goes on sending, without closing its side", async (_what, bytes) => {
		await start({ request: 300 });
		const socket = open({ allowHalfOpen: true });
		socket.pause();
		socket.write(bytes);
		const timer = setInterval(() => socket.write("a"), 50);
		await new Promise((resolve) => socket.once("close", resolve));
		clearInterval(timer);
		await expectOpen(0);
	});

	it.each([
		["CONNECT", "CONNECT 169.254.169.254:80 HTTP/1.1\r\n\r\n"],
		["garbage", "\0"],
		["an upgrade", `GET ${PATH} HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n`],
		["a request", `GET ${PATH} HTTP/1.1\r\n\r\n`],
	])("that sends %s and is reset at once, which harms nobody", async (_what, bytes) => {
		await start({});
		for (let n = 0; n < 200; n++) {
			const socket = open();
			await once(socket, "connect");
			socket.write(bytes);
			if (n % 2 === 0) await new Promise(setImmediate);
			socket.resetAndDestroy();
		}
		await expectOpen(0);
		expect((await service.ask({ path: PATH, headers: signedHeaders(honest) })).status).toBe(200);
	});

	it("that holds the largest share of unread bytes, once they are too many", async () => {
		await start({ unread: 5 * MANY_BYTES, unreadPerGuest: 1000 });
		await openWithoutReading(20);
		await expectOpen(5);
		expect((await service.ask({ path: PATH, headers: signedHeaders(honest) })).status).toBe(200);
	});
});

describe("one guest does not take the others' share", () => {
	let lookUp: PromiseWithResolvers<never>;
	beforeEach(() => {
		lookUp = Promise.withResolvers();
		lookUp.promise.catch(() => {});
	});
	afterEach(() => lookUp.reject(new Error("the test is over")));

	it("of waiting requests, which are counted by instance with identity signed", async () => {
		const slow = { ...instances, get: () => lookUp.promise };
		await start({ waiting: 20, waitingPerGuest: 5 }, signed, slow);
		const ask = (headers: [string, string][]) => service.ask({ path: PATH, headers });
		for (let n = 0; n < 19; n++) ask(signedHeaders(hostile));
		await expect.poll(() => service.lines.length, { timeout: 10_000 }).toBe(14);
		expect(service.lines.every((line) => line.includes('"reason":"overload"'))).toBe(true);
		ask(signedHeaders(honest));
		await expect
			.poll(async () => /requests_waiting (\d+)/.exec(await service.metrics.registry.metrics())?.[1])
			.toBe("6");
	});

	it("of waiting requests: a known guest is answered without a place, with identity network too", async () => {
		const unknown = {
			...instances,
			owners: (query: object) =>
				"address" in query && query.address === "10.0.0.6" ? [{ id: "honest", networkId: "net-1" }] : lookUp.promise,
		};
		const listen = `unix:${join(tmpdir(), `guestwire-limits-${process.pid}.sock`)}`;
		await start({ waiting: 10, waitingPerGuest: 10 }, { listen, identity: { mode: "network", allow: [] } }, unknown);
		const ask = (address: string) =>
			service.ask({
				path: PATH,
				headers: [
					["X-OVN-Network-ID", "net-1"],
					["X-Forwarded-For", address],
				],
			});
		for (let n = 0; n < 50; n++) ask("10.0.0.5");
		await expect.poll(() => service.lines.length, { timeout: 10_000 }).toBe(40);
		expect((await ask("10.0.0.6")).status).toBe(200);
	});

	it("of waiting requests through made-up addresses: its network leaves places to the others", async () => {
		const listen = `unix:${join(tmpdir(), `guestwire-limits-${process.pid}.sock`)}`;
		const hanging = { ...instances, owners: () => lookUp.promise };
		await start({ waiting: 40 }, { listen, identity: { mode: "network", allow: [] } }, hanging);
		const waiting = async () => Number(/requests_waiting (\d+)/.exec(await service.metrics.registry.metrics())?.[1]);
		const expectWaiting = (count: number) => expect.poll(waiting, { timeout: 10_000 }).toBe(count);
		const ask = (network: string, address: string) =>
			service.ask({
				path: PATH,
				headers: [
					["X-OVN-Network-ID", network],
					["X-Forwarded-For", address],
				],
			});
		for (let n = 0; n < 60; n++) ask("net-1", `10.0.1.${n}`);
		await expect.poll(() => service.lines.length, { timeout: 10_000 }).toBe(40);
		await expectWaiting(20);
		for (let n = 0; n < 60; n++) ask("net-2", `10.0.1.${n}`);
		await expectWaiting(30);
		ask("net-3", "10.0.0.6");
		await expectWaiting(31);
	});

	it("of connections, which are counted by address with identity address", async () => {
		const local = instancesOf([guest({ id: "five", address: "127.0.0.5" })]);
		await start({ connectionsPerGuest: 3 }, { listen: "127.0.0.1:0", identity: { mode: "address" } }, local);
		for (let n = 0; n < 5; n++) open({ localAddress: "127.0.0.6" });
		await expectOpen(3);
		const five = open({ localAddress: "127.0.0.5" });
		five.write(`GET ${PATH} HTTP/1.1\r\n\r\n`);
		const [chunk] = await once(five, "data");
		expect(parseAnswer(chunk).status).toBe(200);
		expect(await service.metrics.registry.metrics()).toMatch(/connections_refused_total\{[^}]*\} 2\n/);
	});

	it("of connections from made-up addresses, which no instance has", async () => {
		const local = instancesOf([
			guest({ id: "five", address: "127.0.0.5" }),
			guest({ id: "six", address: "127.0.0.6", macAddress: "fa:16:3e:00:00:06" }),
		]);
		const listener: Listener = { listen: "127.0.0.1:0", identity: { mode: "address" } };
		await start({ connections: 20, unownedConnections: 8 }, listener, local);
		const statusOn = async (socket: Socket) => {
			socket.write(`GET ${PATH} HTTP/1.1\r\n\r\n`);
			const [chunk] = await once(socket, "data");
			return parseAnswer(chunk).status;
		};
		const known = open({ localAddress: "127.0.0.5" });
		expect(await statusOn(known)).toBe(200);
		for (let n = 0; n < 30; n++) await once(open({ localAddress: `127.0.1.${n}` }), "connect");
		// The oldest of those that ask nothing are closed.
		await expectOpen(9);
		expect(await statusOn(known)).toBe(200);
		expect(await statusOn(open({ localAddress: "127.0.0.6" }))).toBe(200);
	});

	it("of connections from made-up addresses, which close no connection with a request that waits", async () => {
		const owners = Promise.withResolvers<readonly Owner[]>();
		const local = { ...instances, owners: () => owners.promise };
		const listener: Listener = { listen: "127.0.0.1:0", identity: { mode: "address" } };
		await start({ connections: 20, unownedConnections: 8 }, listener, local);
		const honest = Array.from({ length: 8 }, (_, n) => open({ localAddress: `127.0.0.${n + 5}` }));
		const answers = honest.map((socket) => once(socket, "data"));
		for (const socket of honest) socket.write(`GET ${PATH} HTTP/1.1\r\n\r\n`);
		const waiting = async () => Number(/requests_waiting (\d+)/.exec(await service.metrics.registry.metrics())?.[1]);
		await expect.poll(waiting, { timeout: 10_000 }).toBe(8);
		for (let n = 0; n < 5; n++) await once(open({ localAddress: `127.0.1.${n}` }), "close");
		owners.resolve([]);
		for (const [chunk] of await Promise.all(answers)) expect(parseAnswer(chunk).status).toBe(404);
	});

	it("of new connections, which a guest closes and opens again", async () => {
		const local = instancesOf([guest({ id: "five", address: "127.0.0.5" })]);
		await start({ connectionsPerSecond: 1 }, { listen: "127.0.0.1:0", identity: { mode: "address" } }, local);
		for (let n = 0; n < 20; n++)
			open({ localAddress: "127.0.0.6" }).on("connect", function (this: Socket) {
				this.destroy();
			});
		const five = open({ localAddress: "127.0.0.5" });
		five.write(`GET ${PATH} HTTP/1.1\r\n\r\n`);
		const [chunk] = await once(five, "data");
		expect(parseAnswer(chunk).status).toBe(200);
		expect(await service.metrics.registry.metrics()).toMatch(/connections_refused_total\{[^}]*\} [1-9]/);
	});

	it("of connections through proxies: those with responses that it does not read", async () => {
		await start({ unread: 100 * MANY_BYTES, unreadPerGuest: 4 });
		await openWithoutReading(12);
		await expectOpen(4);
		expect((await send(service.addresses[0] ?? "", { path: "/" })).status).toBe(200);
	});
});
