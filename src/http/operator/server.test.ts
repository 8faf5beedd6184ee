import { once } from "node:events";
import { readFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Ajv2020 } from "ajv/dist/2020.js";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import {
	endpoint,
	instancesOf,
	type RawAnswer,
	type RawRequest,
	recordedInstance,
	recordedInstances,
	send,
	sendBytes,
} from "../../../test/metadata-service.ts";
import { startTestOperator, type TestOperatorOptions, type TestOperatorServer } from "../../../test/operator-server.ts";
import { recordedCase } from "../../../test/recorded.ts";
import { turnsDuring } from "../../../test/turns.ts";
import { GuestwireError } from "../../errors.ts";
import type { Server } from "../../instance/instance.ts";
import { openDatabase, type StateDatabase } from "../../store/database.ts";
import { createPasswordStore } from "../../store/password-store.ts";

const LOCAL = ["Host", "localhost:8790"] as const;
const TOKEN = "a-long-random-token";
const docs = readFileSync(new URL("../../../docs/operator.md", import.meta.url), "utf8");
const instance = recordedInstance("f-trunk");

let state: StateDatabase;
beforeAll(async () => {
	state = await openDatabase("memory");
});
afterAll(() => state.close());
let server: TestOperatorServer;
afterEach(() => server?.close());

async function start(options: TestOperatorOptions = {}) {
	server = await startTestOperator({ state, ...options });
}

const ask = (path: string, headers: RawRequest["headers"] = [LOCAL]) => send(server.address, { path, headers });
const json = async (path: string) => JSON.parse((await ask(path)).body.toString());

/** An error of the operator API has one form, which its OpenAPI document shows. */
function expectProblem({ headers, body }: RawAnswer): void {
	expect(headers).toMatchObject({
		"content-type": "application/json; charset=utf-8",
		"x-content-type-options": "nosniff",
		"cross-origin-resource-policy": "same-origin",
	});
	expect(JSON.parse(body.toString())).toEqual({ message: expect.stringMatching(/^.+$/) });
}

const post = (path: string, type: string, body: string) =>
	`POST ${path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: ${type}\r\nContent-Length: ${body.length}\r\n\r\n${body}`;

describe("the API", () => {
	it("lists every instance", async () => {
		await start();
		const listed = await json("/api/instances");
		expect(listed).toHaveLength(recordedInstances.length);
		expect(listed).toContainEqual({ id: instance.id, name: "f-trunk", projectId: instance.projectId });
	});

	it("lists instances in pages, in the order of ids", async () => {
		await start();
		const ids: string[] = [];
		for (let page = await json("/api/instances?limit=7"); page.length > 0; ) {
			expect(page.length).toBeLessThanOrEqual(7);
			ids.push(...page.map(({ id }: { id: string }) => id));
			page = await json(`/api/instances?limit=7&after=${ids.at(-1)}`);
		}
		expect(ids).toEqual(recordedInstances.map(({ id }) => id).sort());
		expect((await ask("/api/instances?limit=none")).status).toBe(400);
		expect(await json(`/api/instances?after=${"z".repeat(512)}`)).toEqual([]);
	});

	it("lists very many instances without keeping others waiting", async () => {
		const ids = Array.from({ length: 60_000 }, (_, at) => `i${String((at * 7_919) % 60_013).padStart(6, "0")}`);
		const list = async () => ids.map((id) => ({ id, name: `name of ${id}` }));
		await start({ instances: { ...instancesOf([]), list } });
		await ask("/api/instances?limit=1");
		let answer: RawAnswer | undefined;
		const { longest } = await turnsDuring(async () => {
			answer = await ask("/api/instances");
		});
		expect(longest).toBeLessThan(50);
		const listed = JSON.parse(answer?.body.toString() ?? "");
		expect(listed.map(({ id }: { id: string }) => id)).toEqual(ids.toSorted());
	});

	it("returns an instance's wiring and documents, but no user data", async () => {
		await start();
		const details = await json(`/api/instances/${instance.id.toUpperCase()}`);
		const recorded = recordedCase("f-trunk").facts;
		expect(details.ports.map(({ id }: { id: string }) => id)).toEqual(instance.ports.map(({ id }) => id));
		const tags = recorded.trunks[0]?.sub_ports.map((subport) => subport.segmentation_id);
		const subports = details.ports.flatMap((port: { subports: { vlanId: number }[] }) => port.subports);
		expect(subports.map(({ vlanId }: { vlanId: number }) => vlanId)).toEqual(tags);
		for (const { path, bytes } of details.documents) {
			expect((await ask(`/api/instances/${instance.id}/tree/${path}`)).body.length).toBe(bytes);
		}
		const withData = recordedInstances.find(({ server }) => server?.userData !== undefined);
		const text = JSON.stringify(await json(`/api/instances/${withData?.id}`));
		expect(text).not.toContain(Buffer.from(withData?.server?.userData ?? []).toString("base64"));
	});

	it("returns a document as nova-api-metadata gave it to the guest", async () => {
		await start();
		const answer = await ask(`/api/instances/${instance.id}/tree/openstack/latest/network_data.json`);
		expect(answer.body.toString()).toBe(recordedCase("f-trunk").networkData);
		expect(answer.headers).toMatchObject({ "content-type": "application/json", "x-content-type-options": "nosniff" });
	});

	it.each([
		"/api/instances/none",
		`/api/instances/${instance.id}/tree/nothing`,
		"/api",
		"/assets/none.js",
		`/api/instances/${instance.id}/tree/..%2f..%2fetc/passwd`,
		`/api/instances/${"x".repeat(600)}`,
		"/%zz",
		"/api/instances/%E0%A4%A",
	])("has no %s", async (path) => {
		await start();
		const answer = await ask(path);
		expect([400, 404, 414]).toContain(answer.status);
		expectProblem(answer);
	});

	it.each([
		["no HTTP request", "GARBAGE\r\n\r\n", 400],
		["endless headers", `GET / HTTP/1.1\r\nHost: localhost\r\nX: ${"x".repeat(20_000)}\r\n\r\n`, 431],
		["a body that is not JSON", post("/api/session", "application/json", "{"), 400],
		["a body that does not match its content type", post("/api/session", "application/json", "[]"), 400],
		["a body of an unknown type", post("/api/session", "application/xml", "<token/>"), 415],
		["a body that is too large", post("/api/session", "application/json", " ".repeat(2 ** 21)), 413],
		["a document that is not JSON", post("/api/try", "application/json", "{"), 422],
	])("refuses %s in its own words", async (_what, bytes, status) => {
		await start();
		const answer = await sendBytes(server.address, Buffer.from(bytes));
		expect(answer.status).toBe(status);
		expectProblem(answer);
	});

	it("says when the cloud can't be asked", async () => {
		const down = () => Promise.reject(new GuestwireError("cloud-unavailable", "Nova http://n: refused"));
		await start({ instances: { ...instancesOf([]), list: down, get: down } });
		for (const path of ["/api/instances", `/api/instances/${instance.id}`]) {
			const answer = await ask(path);
			expect([answer.status, JSON.parse(answer.body.toString())]).toEqual([503, { message: "Nova http://n: refused" }]);
		}
	});

	it("answers as its OpenAPI document says, and documents no other paths", async () => {
		await start();
		const document = await json("/openapi.json");
		expect(document).toMatchObject({ openapi: "3.1.0", info: { version: "1.2.3" } });
		const ajv = new Ajv2020({ strict: false });
		type Operation = { responses: Record<string, { content?: Record<string, { schema: { format?: string } }> }> };
		const documented: string[] = [];
		for (const [path, operations] of Object.entries<Record<string, Operation>>(document.paths)) {
			documented.push(...Object.keys(operations).map((method) => `${method.toUpperCase()} ${path}`));
			for (const { responses } of Object.values(operations)) {
				const problem = responses["default"]?.content?.["application/json"]?.schema ?? false;
				expect(ajv.validate(problem, { message: "Why." }), path).toBe(true);
				expect(ajv.validate(problem, { error: "Bad Request" }), path).toBe(false);
			}
			const { get } = operations;
			// An endless stream has a test of its own.
			if (get === undefined || path === "/api/events") continue;
			const schema = get.responses["200"]?.content?.["application/json"]?.schema ?? {};
			const values = { id: instance.id, path: "openstack/latest/meta_data.json", format: "netplan" };
			const answer = await ask(path.replace(/\{(\w+)\}/g, (_, name: keyof typeof values) => values[name]));
			expect([path, answer.status]).toEqual([path, 200]);
			if (schema.format !== "binary")
				expect(ajv.validate(schema, JSON.parse(answer.body.toString())), ajv.errorsText()).toBe(true);
		}
		const listed = Array.from(docs.matchAll(/^\| `(\w+ \/api[^`]*)`/gm), ([, operation]) => operation);
		expect(listed.toSorted()).toEqual(documented.toSorted());
	});
});

describe("a guest's password", () => {
	const path = `/api/instances/${instance.id}/password`;
	const password = Buffer.from([0, 255, 65]);
	const remove = (path: string) => send(server.address, { method: "DELETE", path, headers: [LOCAL] });

	it("is read byte for byte, and cleared", async () => {
		await start();
		expect((await ask(path)).body.length).toBe(0);
		await createPasswordStore(state).setOnce(instance.id, password);
		const answer = await ask(path);
		expect([answer.status, answer.body]).toEqual([200, password]);
		expect(answer.headers).toMatchObject({ "cache-control": "no-store", "x-content-type-options": "nosniff" });
		expect(Date.parse(String(answer.headers["last-modified"]))).toBeCloseTo(Date.now(), -5);
		expect(answer.headers["guestwire-launched-since"]).toBe("false");
		expect((await remove(path)).status).toBe(204);
		expect((await ask(path)).body.length).toBe(0);
		expect((await remove(path)).status).toBe(204);
	});

	it("is kept, with a note, when the instance is launched again: a resized guest keeps its password", async () => {
		const launched = new Date(Date.now() + 3_600_000);
		const resized = { ...instance, server: { ...(instance.server as Server), launched } };
		await createPasswordStore(state).setOnce(instance.id, password);
		await start({ instances: instancesOf([resized]) });
		const answer = await ask(path);
		expect([answer.body, answer.headers["guestwire-launched-since"]]).toEqual([password, "true"]);
	});

	it("requires the token and a known instance", async () => {
		await start({ token: TOKEN });
		expect([(await ask(path)).status, (await remove(path)).status]).toEqual([401, 401]);
		await server.close();
		await start();
		const unknown = "/api/instances/none/password";
		expect([(await ask(unknown)).status, (await remove(unknown)).status]).toEqual([404, 404]);
	});
});

describe("access", () => {
	it.each(["localhost", "LOCALHOST:1", "127.0.0.1:8790", "127.9.9.9", "[::1]:8790"])(
		"Host %s on loopback",
		async (host) => {
			await start();
			expect((await ask("/healthz", [["Host", host]])).status).toBe(200);
		},
	);

	it.each([
		"",
		"attacker.example",
		"localhost.attacker.example",
		"127.0.0.1.attacker.example",
		"[::2]",
		"localhost:8790:1",
	])("not Host %j", async (host) => {
		await start({ token: TOKEN });
		const answer = await ask("/api/instances", [
			["Host", host],
			["Authorization", `Bearer ${TOKEN}`],
		]);
		expect(answer.status).toBe(403);
		expect(answer.body.toString()).not.toContain(instance.id);
	});

	it.each(["127.0.0.1:0", "0.0.0.0:0"])("the token alone, on %s, but for probes", async (listen) => {
		await start({ listen, token: TOKEN });
		const askWith = async (path: string, token?: string) =>
			(await ask(path, [LOCAL, ...(token === undefined ? [] : [["Authorization", token] as const])])).status;
		for (const path of ["/api/instances", "/metrics", "/openapi.json", "/nothing", `/api/instances/${instance.id}`]) {
			expect(await askWith(path)).toBe(401);
			for (const wrong of ["", TOKEN, `Bearer ${TOKEN}x`, `Bearer ${TOKEN.slice(1)}`, "Bearer", `Basic ${TOKEN}`]) {
				expect(await askWith(path, wrong)).toBe(401);
			}
			expect(await askWith(path, `Bearer ${TOKEN}`)).toBe(path === "/nothing" ? 404 : 200);
		}
		expect(await askWith("/healthz")).toBe(200);
		expect(await askWith("/readyz")).toBe(200);
	});

	it("does not start without a token where other machines reach it, nor with an empty one or an invalid URL", async () => {
		for (const listen of ["0.0.0.0:0", "[::]:0", "192.0.2.1:0"]) {
			await expect(start({ listen })).rejects.toMatchObject({
				code: "config",
				message: expect.stringContaining("token"),
			});
		}
		await expect(start({ token: "" })).rejects.toMatchObject({ code: "config" });
		const url = "https://host:99999";
		await expect(start({ token: TOKEN, url })).rejects.toMatchObject({
			...{ code: "config", message: expect.stringContaining(`operator.url: invalid URL "${url}"`) },
		});
	});

	it("works on a unix socket", async () => {
		await start({ listen: `unix:${join(tmpdir(), `guestwire-operator-${process.pid}.sock`)}` });
		expect((await ask("/healthz")).status).toBe(200);
	});
});

it("is ready when guests are answered", async () => {
	let ready = false;
	await start({ isReady: () => ready });
	expect((await ask("/readyz")).status).toBe(503);
	ready = true;
	expect((await ask("/readyz")).status).toBe(200);
	expect((await ask("/healthz")).status).toBe(200);
});

it("says while it is ready what keeps changes from being served at once", async () => {
	const problems = ["Neutron is silent: switch it on", "Nova is silent: switch it on"];
	await start({ problems: () => problems });
	const { status, body } = await ask("/readyz");
	expect([status, `${body}`]).toEqual([200, `ok, but ${problems[0]}, but ${problems[1]}\n`]);
	problems.length = 0;
	expect(`${(await ask("/readyz")).body}`).toBe("ok\n");
});

it("has exactly the metrics that docs/operator.md lists", async () => {
	await start();
	const text = (await ask("/metrics")).body.toString();
	const told = Array.from(text.matchAll(/^# TYPE (guestwire_\w+) /gm), ([, name]) => name);
	const listed = Array.from(docs.matchAll(/^\| `(guestwire_\w+)` \|/gm), ([, name]) => name);
	expect(told.toSorted()).toEqual(listed.toSorted());
});

describe("connections", () => {
	const statusOf = async (bytes: string) => (await sendBytes(server.address, Buffer.from(bytes))).status;

	it("whose request does not arrive are closed", { timeout: 20_000 }, async () => {
		await start({ limits: { requestTimeout: 500 } });
		const withoutBody = post("/api/try", "application/json", "{}").slice(0, -1);
		for (const bytes of ["", "GET /healthz HTTP/1.1\r\n", withoutBody]) expect(await statusOf(bytes)).toBe(408);
	});

	it("that stand still are closed, also while an answer waits to be read", { timeout: 20_000 }, async () => {
		const list = async () => Array.from({ length: 200_000 }, (_, at) => ({ id: `i${at}`, name: "x".repeat(100) }));
		await start({ instances: { ...instancesOf([]), list }, limits: { connectionTimeout: 500 } });
		/** Of both ends: all of this process. */
		const sockets = () => process.getActiveResourcesInfo().filter((name) => name === "TCPSocketWrap").length;
		await expect.poll(sockets, { timeout: 10_000 }).toBe(0);
		const socket = connect(endpoint(server.address)).pause();
		socket.on("error", () => {});
		socket.write("GET /api/instances HTTP/1.1\r\nHost: localhost\r\n\r\n");
		await expect.poll(sockets).toBe(2);
		await expect.poll(sockets, { timeout: 15_000 }).toBe(1);
		socket.destroy();
	});

	it("beyond a limit are refused", async () => {
		await start({ limits: { maxConnections: 2 } });
		const sockets = [1, 2].map(() => connect(endpoint(server.address)));
		await Promise.all(sockets.map((socket) => once(socket, "connect")));
		expect(await statusOf("GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")).toBe(0);
		for (const socket of sockets) socket.destroy();
	});
});
