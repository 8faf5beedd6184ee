/** What hostile guests of the soak test do, each on connections of its own. */
import { connect, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

/** Where and as whom an attacker connects. */
export interface Target {
	readonly connect:
		| { readonly host: string; readonly port: number; readonly localAddress?: string }
		| { readonly path: string };
	/** Headers that make it a real guest, as a proxy sends them, ending each line. */
	readonly identity: string;
	/** Headers of a guest that does not exist, other ones each time. */
	readonly madeUp: () => string;
}

export interface Attack {
	readonly name: string;
	run(target: Target, received: (text: string) => void): Promise<void>;
}

const DOCUMENT = "/openstack/latest/network_data.json";
const PASSWORD = "/openstack/latest/password";
/** Milliseconds that an attacker keeps at it. */
const HOLD = 3000;

function open(target: Target, received: (text: string) => void, isReading = true): Socket {
	const socket = connect({ ...target.connect, allowHalfOpen: true } as never);
	socket.on("error", () => {});
	if (isReading) socket.on("data", (data: Buffer) => received(data.toString("latin1")));
	else socket.pause();
	return socket;
}

const get = (path: string, headers = "") => `GET ${path} HTTP/1.1\r\nHost: 169.254.169.254\r\n${headers}\r\n`;
/** Sends something, waits, and leaves without a word. */
const send = (name: string, bytes: (target: Target) => string, { isReading = true, hold = HOLD } = {}): Attack => ({
	name,
	async run(target, received) {
		const socket = open(target, received, isReading);
		socket.write(bytes(target), "latin1");
		await sleep(hold);
		socket.destroy();
	},
});

/** Sends something again and again. */
const trickle = (name: string, first: (target: Target) => string, next: string): Attack => ({
	name,
	async run(target, received) {
		const sockets = Array.from({ length: 20 }, () => open(target, received, false));
		for (const socket of sockets) socket.write(first(target), "latin1");
		for (let passed = 0; passed < HOLD; passed += 100) {
			for (const socket of sockets) if (socket.writable) socket.write(next, "latin1");
			await sleep(100);
		}
		for (const socket of sockets) socket.destroy();
	},
});

const MALFORMED = [
	"\0\0\0\0\r\n\r\n",
	`GET ${DOCUMENT}\r\n\r\n`,
	`GET  ${DOCUMENT}  HTTP/1.1\r\n\r\n`,
	`GET ${DOCUMENT} HTTP/9.9\r\n\r\n`,
	`GET ${DOCUMENT} HTTP/1.1\nHost: a\n\n`,
	`POST ${PASSWORD} HTTP/1.1\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET / HTTP/1.1\r\n\r\n`,
	`POST ${PASSWORD} HTTP/1.1\r\nTransfer-Encoding: chunked, identity\r\n\r\n5\r\nhello\r\n0\r\n\r\n`,
	`POST ${PASSWORD} HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1;ext=${"x".repeat(8000)}\r\na\r\n`,
	`POST ${PASSWORD} HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFFFFFF\r\n`,
	`POST ${PASSWORD} HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\n`,
	`POST ${PASSWORD} HTTP/1.1\r\nContent-Length: -1\r\n\r\n`,
	`POST ${PASSWORD} HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab`,
	`POST ${PASSWORD} HTTP/1.1\r\nContent-Length: 99999999999999999999\r\n\r\n`,
	`GET ${DOCUMENT} HTTP/1.1\r\n X-Instance-ID: folded\r\n\r\n`,
	`GET ${DOCUMENT} HTTP/1.1\r\nX-Instance-ID : a\r\n\r\n`,
	`GET ${DOCUMENT} HTTP/1.1\r\nUpgrade: h2c\r\nConnection: Upgrade, HTTP2-Settings\r\nHTTP2-Settings: AAMAAABk\r\n\r\n`,
	"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
	"CONNECT 127.0.0.1:22 HTTP/1.1\r\n\r\n",
	`TRACE ${DOCUMENT} HTTP/1.1\r\n\r\n`,
	get("http://169.254.169.254/openstack"),
	get("//openstack//..//..//etc/passwd"),
	get("/openstack/latest/%2e%2e%2f%2e%2e%2fetc%2fpasswd"),
	get("/openstack/latest/user_data%00.json"),
	get(`/${"a/".repeat(7000)}`),
	get(`/openstack/latest/${"%".repeat(2000)}`),
	get(DOCUMENT, `X-A: ${"a".repeat(20_000)}\r\n`),
	get(DOCUMENT, "X-A: a\r\n".repeat(3000)),
	get(DOCUMENT, "X-Instance-ID: a\r\nX-Instance-ID: b\r\n"),
	get(DOCUMENT, "X-Instance-ID: ../../etc/passwd\r\nX-Tenant-ID: %00\r\nX-Instance-ID-Signature: \xff\xfe\r\n"),
];

export const ATTACKS: readonly Attack[] = [
	send("pipelines thousands of requests and does not read", ({ identity }) => get(DOCUMENT, identity).repeat(3000), {
		isReading: false,
	}),
	send("pipelines thousands of requests and reads", ({ identity }) => get(DOCUMENT, identity).repeat(3000)),
	send(
		"Expect, and goes on",
		({ identity }) => `POST ${PASSWORD} HTTP/1.1\r\n${identity}Expect: 100-continue\r\nContent-Length: 100\r\n\r\n`,
	),
	trickle("headers byte by byte", () => `GET ${DOCUMENT} HTTP/1.1\r\nX-`, "a"),
	trickle(
		"a password byte by byte",
		({ identity }) => `POST ${PASSWORD} HTTP/1.1\r\n${identity}Content-Length: 1000\r\n\r\n`,
		"a",
	),
	trickle(
		"chunks of one byte",
		({ identity }) => `POST ${PASSWORD} HTTP/1.1\r\n${identity}Transfer-Encoding: chunked\r\n\r\n`,
		"1\r\na\r\n",
	),
	trickle("nothing, and bytes after garbage", () => "\0", "\r\n"),
	{
		name: "malformed requests",
		async run(target, received) {
			for (const bytes of MALFORMED) {
				const socket = open(target, received);
				socket.end(bytes, "latin1");
				await Promise.race([new Promise((resolve) => socket.once("close", resolve)), sleep(200)]);
				socket.destroy();
			}
		},
	},
	{
		name: "hundreds of guests that do not exist",
		async run(target, received) {
			const sockets = Array.from({ length: 100 }, () => open(target, received));
			for (const socket of sockets) socket.write(get(DOCUMENT, target.madeUp()).repeat(3), "latin1");
			await sleep(HOLD);
			for (const socket of sockets) socket.destroy();
		},
	},
	{
		name: "connections that are opened and reset",
		async run(target, received) {
			for (let n = 0; n < 200; n++) {
				const socket = open(target, received, false);
				socket.write(get(DOCUMENT, target.identity), "latin1");
				socket.once("connect", () => ("path" in target.connect ? socket.destroy() : socket.resetAndDestroy()));
				await sleep(5);
			}
		},
	},
	{
		name: "connections with many requests that are reset",
		async run(target, received) {
			for (let n = 0; n < 200; n++) {
				const socket = open(target, received, false);
				socket.write(get(DOCUMENT, target.identity).repeat(64), "latin1", () =>
					"path" in target.connect ? socket.destroy() : socket.resetAndDestroy(),
				);
				await sleep(5);
			}
		},
	},
	{
		name: "many passwords at once",
		async run(target, received) {
			const sockets = Array.from({ length: 20 }, () => open(target, received));
			for (const socket of sockets) {
				socket.write(
					`POST ${PASSWORD} HTTP/1.1\r\n${target.identity}Content-Length: 15\r\n\r\nplanted-pass-42`,
					"latin1",
				);
			}
			await sleep(HOLD);
			for (const socket of sockets) socket.destroy();
		},
	},
];
