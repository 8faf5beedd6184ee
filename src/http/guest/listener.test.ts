import { once } from "node:events";
import { mkdtemp, rename, rm, stat, writeFile } from "node:fs/promises";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { promisify } from "node:util";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
	endpoint,
	guest,
	instancesOf,
	novaSettings,
	parseAnswer,
	SECRET,
	send,
	sendBytes,
	signedHeaders,
	startTestService,
	type TestService,
} from "../../../test/metadata-service.ts";
import { buildTree } from "../../documents/guest-tree.ts";
import { normalizePath } from "../../documents/paths.ts";
import { GuestwireError } from "../../errors.ts";

const PATH = "/openstack/latest/network_data.json";
const PASSWORD = "/openstack/latest/password";

const instance = guest({ address: "10.0.0.5" });
const headers = signedHeaders(instance);
const head = headers.map(([name, value]) => `${name}: ${value}\r\n`).join("");
const signed = { listen: "127.0.0.1:0", identity: { mode: "signed", secret: SECRET } } as const;

let service: TestService;
afterEach(() => service?.close());

const start = async (options: Parameters<typeof startTestService>[1] = {}, listener = signed) => {
	service = await startTestService([listener], { instances: instancesOf([instance]), ...options });
	return service;
};
const logged = () => service.lines.map((line) => JSON.parse(line));
const where = () => service.addresses[0] ?? "";

describe("when many connect at once", () => {
	it.each([
		["closes its own side after the request", ""],
		["sends garbage after the request", "garbage\r\n\r\n"],
	])("each is answered that %s", async (_what, after) => {
		await start();
		const ask = async () => {
			const socket = connect({ ...endpoint(where()), allowHalfOpen: true } as never);
			socket.end(`GET ${PATH} HTTP/1.1\r\n${head}\r\n${after}`);
			return (await text(socket)).slice(0, 12);
		};
		const answers = await Promise.all(Array.from({ length: 100 }, ask));
		expect(new Set(answers)).toEqual(new Set(["HTTP/1.1 200"]));
	});
});

describe("requests that reach no handler", () => {
	it.each<[what: string, bytes: string]>([
		["no HTTP at all", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\r\n\r\n"],
		["an unknown version", `GET ${PATH} HTTP/4.2\r\n\r\n`],
		["an unknown method", `FROB ${PATH} HTTP/1.1\r\n${head}\r\n`],
		["a space in the target", `GET /a b HTTP/1.1\r\n${head}\r\n`],
		["a header without a colon", `GET ${PATH} HTTP/1.1\r\n${head}oops\r\n\r\n`],
		["a header with a control character", `GET ${PATH} HTTP/1.1\r\n${head}A: \x00\r\n\r\n`],
		["a space before the colon", `GET ${PATH} HTTP/1.1\r\nX-Instance-ID : a\r\n\r\n`],
		["too large headers", `GET ${PATH} HTTP/1.1\r\n${head}A: ${"a".repeat(20_000)}\r\n\r\n`],
		["a too long target", `GET /${"a".repeat(20_000)} HTTP/1.1\r\n${head}\r\n`],
		["two lengths", `POST ${PASSWORD} HTTP/1.1\r\n${head}Content-Length: 1\r\nContent-Length: 2\r\n\r\nab`],
		[
			"a length and chunks",
			`POST ${PASSWORD} HTTP/1.1\r\n${head}Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\na`,
		],
		["a bad chunk", `POST ${PASSWORD} HTTP/1.1\r\n${head}Transfer-Encoding: chunked\r\n\r\nzz\r\n`],
		["a negative length", `POST ${PASSWORD} HTTP/1.1\r\n${head}Content-Length: -1\r\n\r\n`],
		["an unknown expectation", `GET ${PATH} HTTP/1.1\r\n${head}Expect: miracles\r\n\r\n`],
		["CONNECT", "CONNECT 169.254.169.254:80 HTTP/1.1\r\n\r\n"],
		["HTTP/2 by prior knowledge", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"],
		["WebDAV", `PROPFIND ${PATH} HTTP/1.1\r\n${head}Connection: close\r\n\r\n`],
		["QUERY", `QUERY ${PATH} HTTP/1.1\r\n${head}Connection: close\r\n\r\n`],
		[
			"a body in too many chunks",
			`POST ${PASSWORD} HTTP/1.1\r\n${head}Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n${`400\r\n${"a".repeat(1024)}\r\n`.repeat(9)}0\r\n\r\n`,
		],
	])("%s is 400", async (_what, bytes) => {
		await start();
		const answer = await sendBytes(where(), Buffer.from(bytes, "latin1"));
		expect([answer.status, answer.body.toString()]).toEqual([
			400,
			expect.stringMatching(/^400 Bad Request\n\n.+\n\n {3}$/),
		]);
		expect(await service.metrics.registry.metrics()).toMatch(
			/requests_refused_total\{[^}]*"(bad-request|too-large|wrong-method)"\} 1\n/,
		);
	});

	it.each<[what: string, bytes: string]>([
		["HTTP/1.0", `GET ${PATH} HTTP/1.0\r\n${head}\r\n`],
		["no Host", `GET ${PATH} HTTP/1.1\r\n${head}Connection: close\r\n\r\n`],
		[
			"an upgrade that is not taken",
			`GET ${PATH} HTTP/1.1\r\n${head}Connection: close, Upgrade\r\nUpgrade: h2c\r\n\r\n`,
		],
		["a body that is not read", `GET ${PATH} HTTP/1.1\r\n${head}Content-Length: 3\r\nConnection: close\r\n\r\nabc`],
		[
			"a target in absolute form",
			`GET http://169.254.169.254${PATH} HTTP/1.1\r\n${head}Host: 169.254.169.254\r\nConnection: close\r\n\r\n`,
		],
		[
			"an invalid content type",
			`POST ${PASSWORD} HTTP/1.1\r\n${head}Content-Type: ;;\r\nContent-Length: 1\r\nConnection: close\r\n\r\na`,
		],
		["a query in the target", `GET ${PATH}?a=%ff HTTP/1.1\r\n${head}Connection: close\r\n\r\n`],
	])("%s is 200", async (_what, bytes) => {
		await start();
		expect((await sendBytes(where(), Buffer.from(bytes))).status).toBe(200);
	});

	it("a request that is not sent in time is 400 too", { tags: ["slow"] }, async () => {
		await start({ limits: { request: 100 } });
		const socket = connect(endpoint(where()) as never);
		socket.write(`GET ${PATH} HTTP/1.1\r\nX-`);
		const [chunk] = await once(socket, "data");
		expect(parseAnswer(chunk).status).toBe(400);
		await once(socket, "close");
	});
});

describe("GET", () => {
	const userData = Buffer.from(Array.from({ length: 40_000 }, (_, index) => (index + 250) % 256));

	it.each([
		["/", "text/plain; charset=UTF-8"],
		["/openstack/latest", "text/plain; charset=UTF-8"],
		[PATH, "application/json"],
		["/openstack/latest/user_data", "text/plain; charset=ISO-8859-1"],
		["/latest/user-data", "text/plain; charset=ISO-8859-1"],
		["/latest/meta-data/instance-id", "text/plain; charset=UTF-8"],
	])("answers %s byte for byte as %s, and nothing but that", async (path, type) => {
		for (const length of [10, userData.length]) {
			const asked = guest({ address: "10.0.0.5", userData: userData.subarray(0, length) });
			await start({ instances: instancesOf([asked]) });
			const { status, body, headers: given } = await service.ask({ path, headers: signedHeaders(asked) });
			const expected = buildTree(asked, novaSettings).answer(normalizePath(path) ?? "");
			expect([status, body]).toEqual([200, Buffer.from(expected?.body ?? [])]);
			const { date: _date, ...others } = given;
			expect(others).toEqual({ "content-type": type, "content-length": String(body.length), connection: "close" });
			await service.close();
		}
	});
});

describe("HEAD", () => {
	it.each([PATH, "/", "/openstack", "/nothing", PASSWORD, "/latest/meta-data/instance-id"])(
		"is GET without a body: %s",
		async (path) => {
			await start();
			const got = await service.ask({ path, headers });
			const answer = await service.ask({ method: "HEAD", path, headers });
			const { date: _date, ...expected } = got.headers;
			expect(answer).toMatchObject({ status: got.status, headers: expected });
			expect(answer.headers["content-length"]).toBe(String(got.body.length));
			expect(answer.body.length).toBe(0);
		},
	);
});

describe("another method", () => {
	it.each(["PUT", "POST", "DELETE", "OPTIONS", "PROPFIND"])(
		"%s is 400 on a document, and 404 elsewhere",
		async (method) => {
			await start();
			for (const path of [PATH, "/openstack/latest", "/latest/meta-data/instance-id", "/"]) {
				expect([path, (await service.ask({ method, path, headers })).status]).toEqual([path, 400]);
			}
			// The first is what libraries for Amazon's metadata service try.
			for (const path of [
				"/latest/api/token",
				"/nothing",
				"/%ff",
				"/openstack/latest/user_data",
				"/openstack/2012-08-10/password",
			]) {
				expect([path, (await service.ask({ method, path, headers })).status]).toEqual([path, 404]);
			}
		},
	);
});

describe("password", () => {
	const post = (body: string | Uint8Array, extra: [string, string][] = []) =>
		service.ask({ method: "POST", path: PASSWORD, headers: [...headers, ...extra], body });

	it("is the first that was posted, byte for byte, under every version that has one", async () => {
		await start();
		const bytes = Buffer.from([0, 255, 10, 13, 65]);
		expect((await service.ask({ path: PASSWORD, headers })).body.length).toBe(0);
		const posted = await post(bytes, [
			["Content-Type", "application/x-www-form-urlencoded"],
			["Expect", "100-continue"],
		]);
		expect([posted.status, posted.body.toString()]).toEqual([100, expect.stringMatching(/^HTTP\/1.1 200 OK\r\n/)]);
		expect((await post("another")).status).toBe(409);
		expect((await post("")).status).toBe(409);
		for (const version of ["2013-04-04", "2018-08-27", "latest"]) {
			expect((await service.ask({ path: `/openstack/${version}/password`, headers })).body).toEqual(bytes);
		}
		for (const version of ["2012-08-10", "1999-01-01"]) {
			expect((await service.ask({ path: `/openstack/${version}/password`, headers })).status).toBe(404);
		}
	});

	it("may have 1020 bytes; posting an empty one sets none", async () => {
		await start();
		expect((await post("")).status).toBe(200);
		expect((await post("x".repeat(1021))).status).toBe(400);
		expect((await post("x".repeat(1020))).status).toBe(200);
	});

	it("that is too long is not read to its end", async () => {
		await start();
		const bytes = `POST ${PASSWORD} HTTP/1.1\r\n${head}Content-Length: 1000000000\r\n\r\n${"x".repeat(2000)}`;
		const answer = await sendBytes(where(), Buffer.from(bytes));
		expect([answer.status, answer.headers["connection"]]).toEqual([400, "close"]);
	});

	it("is not returned to another instance", async () => {
		const other = guest({ id: "99999999-2222-4333-8444-555555555555", address: "10.0.0.6" });
		await start({ instances: instancesOf([instance, other]) });
		await post("mine");
		expect((await service.ask({ path: PASSWORD, headers: signedHeaders(other) })).body.length).toBe(0);
	});

	it("is 503 when the database can't be used, and the error stays in the log", async () => {
		const broken = async () => {
			throw new GuestwireError("state", "state s.db: disk I/O error: check the disk");
		};
		await start({ passwords: { get: broken, setOnce: broken } });
		const answer = await post("secret");
		expect([answer.status, answer.headers["retry-after"]]).toEqual([503, "1"]);
		expect(answer.body.toString()).not.toContain("disk");
		expect(logged().at(-1)).toMatchObject({
			reason: "state-unavailable",
			detail: expect.stringContaining("disk I/O error"),
		});
	});
});

describe("a cloud that fails", () => {
	const failing = (error: unknown) => ({ ...instancesOf([]), get: () => Promise.reject(error) });

	it("is 503 with Retry-After when nothing is known", async () => {
		await start({ instances: failing(new GuestwireError("cloud-unavailable", "Neutron http://n: refused")) });
		const answer = await service.ask({ path: PATH, headers });
		expect([answer.status, answer.headers["retry-after"]]).toEqual([503, "1"]);
		expect(answer.body.toString()).toBe(
			"503 Service Unavailable\n\nThe server is currently unavailable. Please try again at a later time.\n\n   ",
		);
		expect(logged().at(-1)).toMatchObject({
			level: 40,
			reason: "cloud-unavailable",
			detail: "Neutron http://n: refused",
		});
	});

	it.each([
		["rejects", failing(new TypeError("x is not a function"))],
		[
			"throws",
			{
				...instancesOf([]),
				get: () => {
					throw new TypeError("x is not a function");
				},
			},
		],
	])("after a bug of ours that %s, the response is 500, and only the log has the cause", async (_how, instances) => {
		await start({ instances });
		const answer = await service.ask({ path: PATH, headers });
		expect(answer.status).toBe(500);
		expect(answer.body.toString()).not.toContain("function");
		expect(logged().at(-1)).toMatchObject({ level: 50, detail: expect.stringContaining("x is not a function") });
	});

	it("does not affect the version lists, which are served to everyone", async () => {
		await start({ instances: failing(new GuestwireError("cloud-unavailable", "down")) });
		for (const path of ["/", "/openstack", "//openstack/./"]) {
			expect((await service.ask({ path })).body.toString()).toMatch(/latest$/);
			expect((await service.ask({ method: "POST", path })).status).toBe(400);
		}
	});
});

describe("a cloud that is slow", () => {
	const pending = () => {
		const lookUp = Promise.withResolvers<typeof instance>();
		return { lookUp, instances: { ...instancesOf([]), get: () => lookUp.promise } };
	};

	it("is 503 with Retry-After after the budget, and a later failure does no harm", async () => {
		const { lookUp, instances } = pending();
		await start({ instances, limits: { budget: 40 } });
		const answer = await service.ask({ path: PATH, headers });
		expect([answer.status, answer.headers["retry-after"]]).toEqual([503, "1"]);
		expect(logged().at(-1)).toMatchObject({ reason: "timeout" });
		lookUp.reject(new Error("too late"));
		expect((await service.ask({ path: "/" })).status).toBe(200);
	});

	it("lets only as many guests wait as the limit allows: the next one gets 503 at once", async () => {
		const { lookUp, instances } = pending();
		await start({ instances, limits: { waiting: 1 } });
		const first = service.ask({ path: PATH, headers });
		await expect
			.poll(async () => (await service.metrics.registry.metrics()).match(/requests_waiting (\d)/)?.[1])
			.toBe("1");
		const other = signedHeaders({ ...instance, id: "7f3c2a10-0000-4000-8000-00000000000b" });
		const second = await service.ask({ path: PATH, headers: other });
		expect([second.status, logged().at(-1).reason]).toEqual([503, "overload"]);
		lookUp.resolve(instance);
		expect((await first).status).toBe(200);
	});

	it("delays shutdown: requests in flight are answered, new ones are not accepted", async () => {
		const { lookUp, instances } = pending();
		await start({ instances });
		const socket = connect(endpoint(where()) as never);
		const idle = connect(endpoint(where()) as never);
		await once(idle, "connect");
		socket.write(`GET ${PATH} HTTP/1.1\r\n${head}\r\n`);
		await expect
			.poll(async () => (await service.metrics.registry.metrics()).match(/requests_waiting (\d)/)?.[1])
			.toBe("1");
		const closed = service.close();
		await once(idle, "close");
		expect((await send(where(), { path: "/" })).status).toBe(0);
		lookUp.resolve(instance);
		const [chunk] = await once(socket, "data");
		expect(parseAnswer(chunk)).toMatchObject({ status: 200, headers: { connection: "close" } });
		await closed;
	});

	it("does not prevent shutdown, nor does a request that is never completed", {
		tags: ["slow"],
	}, async () => {
		const { instances } = pending();
		await start({ instances, limits: { budget: 40 } });
		const half = connect(endpoint(where()) as never);
		half.on("error", () => {});
		half.write(`GET ${PATH} HTTP/1.1\r\n`);
		await expect
			.poll(async () => (await service.metrics.registry.metrics()).match(/_connections\{[^}]*\} (\d)/)?.[1])
			.toBe("1");
		const before = performance.now();
		await service.close();
		expect(performance.now() - before).toBeLessThan(3000);
	});
});

describe("connections", () => {
	it("stay open for the next request", async () => {
		await start();
		const socket = connect(endpoint(where()) as never);
		for (const path of [PATH, "/nothing", "/"]) {
			socket.write(`GET ${path} HTTP/1.1\r\n${head}\r\n`);
			const [chunk] = await once(socket, "data");
			expect(parseAnswer(chunk).status).toBe(path === "/nothing" ? 404 : 200);
		}
		socket.destroy();
	});

	it("beyond the limit are closed and counted", async () => {
		await start({ limits: { connections: 2 } });
		const sockets = [connect(endpoint(where()) as never), connect(endpoint(where()) as never)];
		await Promise.all(sockets.map((socket) => once(socket, "connect")));
		expect((await send(where(), { path: "/" })).status).toBe(0);
		expect(await service.metrics.registry.metrics()).toMatch(/connections_refused_total\{[^}]*\} 1\n/);
		for (const socket of sockets) socket.destroy();
		await expect.poll(async () => (await send(where(), { path: "/" })).status).toBe(200);
	});
});

describe("listening", () => {
	let folder: string;
	beforeEach(async () => {
		folder = await mkdtemp(join(tmpdir(), "guestwire-listen-"));
	});
	afterEach(() => rm(folder, { recursive: true }));
	const listening = (listen: string) => start({}, { ...signed, listen } as never);

	it.each(["127.0.0.1:0", "[::1]:0", "[::1%lo]:0", "localhost:0"])("works on %s", async (listen) => {
		await listening(listen);
		expect((await service.ask({ path: PATH, headers })).status).toBe(200);
	});

	it("works on a unix socket, replaces one left by a dead process, and removes it at the end", async () => {
		const path = join(folder, "guestwire.sock");
		const dead = createServer().listen(`${path}.dead`);
		await once(dead, "listening");
		// Node removes the name that it listened on; the file under its new name is what a killed process leaves.
		await rename(`${path}.dead`, path);
		await promisify(dead.close.bind(dead))();
		await listening(`unix:${path}`);
		expect((await service.ask({ path: PATH, headers })).status).toBe(200);
		await service.close();
		await expect(stat(path)).rejects.toMatchObject({ code: "ENOENT" });
	});

	it("leaves alone a socket in use, and a file that is not a socket, and reports it", async () => {
		const path = join(folder, "guestwire.sock");
		const alive = createServer().listen(path);
		await once(alive, "listening");
		await expect(listening(`unix:${path}`)).rejects.toMatchObject({
			code: "listen",
			message: expect.stringContaining(path),
		});
		alive.close();
		await writeFile(join(folder, "file"), "precious");
		await expect(listening(`unix:${join(folder, "file")}`)).rejects.toMatchObject({ code: "listen" });
		expect((await stat(join(folder, "file"))).size).toBe(8);
		await expect(listening(`unix:${join(folder, "missing", "s")}`)).rejects.toMatchObject({ code: "listen" });
	});

	it("reports a port in use or an address that no interface has, and closes the other listeners", async () => {
		await listening("127.0.0.1:0");
		const busy = new URL(where()).host;
		const free = join(folder, "free.sock");
		const both = [
			{ ...signed, listen: `unix:${free}` },
			{ ...signed, listen: busy },
		];
		await expect(startTestService(both)).rejects.toMatchObject({
			code: "listen",
			message: expect.stringContaining(busy),
		});
		await expect(stat(free)).rejects.toMatchObject({ code: "ENOENT" });
		await expect(startTestService([{ ...signed, listen: "192.0.2.1:1" }])).rejects.toMatchObject({ code: "listen" });
	});

	it.each([
		"",
		"8775",
		"127.0.0.1",
		"127.0.0.1:99999",
		"::1:80",
		"[127.0.0.1]:80",
		"example.org:80",
		"unix:",
		"010.0.0.1:80",
	])("is refused on %j", async (listen) => {
		await expect(startTestService([{ ...signed, listen }])).rejects.toMatchObject({ code: "config" });
	});
});
