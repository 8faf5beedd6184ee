import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { mkdtempDisposable } from "node:fs/promises";
import { createServer, type Server as HttpServer, type IncomingMessage, type RequestListener } from "node:http";
import { createServer as createHttpsServer } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import {
	guest,
	instancesOf,
	novaSettings,
	SECRET,
	signedHeaders,
	startTestService,
} from "../../test/metadata-service.ts";
import { hasProgram } from "../../test/system/programs.ts";
import { pythonJson } from "../documents/python-json.ts";
import { GuestwireError } from "../errors.ts";
import type { Instance, Server } from "../instance/instance.ts";
import { createGuestDocuments } from "./guest-documents.ts";
import { createLog } from "./log.ts";
import { createDynamicVendorData, type DynamicVendorDataOptions } from "./vendor-data.ts";
import type { VendorDataTarget } from "./vendor-data-request.ts";

const servers: HttpServer[] = [];
const open: { close(): Promise<void> }[] = [];
afterEach(async () => {
	await Promise.all(open.splice(0).map((one) => one.close()));
	for (const server of servers.splice(0)) {
		server.closeAllConnections();
		server.close();
	}
});

async function target(listener: RequestListener, name = "join", timeoutSeconds = 2): Promise<VendorDataTarget> {
	const server = createServer(listener).listen(0, "127.0.0.1");
	servers.push(server);
	await once(server, "listening");
	return { name, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v?token=in-the-url`, timeoutSeconds };
}

function vendorData(targets: readonly VendorDataTarget[], options: Partial<DynamicVendorDataOptions> = {}) {
	const lines: string[] = [];
	const counts: string[] = [];
	const log = createLog({ write: (line) => lines.push(line) });
	const data = createDynamicVendorData({
		targets,
		log,
		count: (...what) => counts.push(what.join(" ")),
		...options,
	});
	open.push(data);
	const read = async (of: Instance) =>
		Object.fromEntries(Array.from(await data.of(of), ([name, text]) => [name, JSON.parse(text)]));
	return { ...data, read, lines, counts };
}

async function textOf(request: IncomingMessage): Promise<string> {
	const chunks: Buffer[] = [];
	for await (const chunk of request) chunks.push(chunk);
	return Buffer.concat(chunks).toString();
}

const instance = guest({ address: "10.0.0.5", userData: Buffer.from("#cloud-config\n") });

it("sends the same request as Nova, and returns the response under the target's name", async () => {
	const asked: { method?: string | undefined; type?: string | undefined; body: unknown }[] = [];
	const { read } = vendorData([
		await target(async (request, response) => {
			const { method, headers } = request;
			asked.push({ method, type: headers["content-type"], body: JSON.parse(await textOf(request)) });
			response.end('{"a": [1]}');
		}),
		await target((_request, response) => response.end(), "empty"),
	]);
	expect(await read(instance)).toEqual({ join: { a: [1] }, empty: {} });
	// The members of nova/api/metadata/vendordata_dynamic.py, `_do_request`.
	const body = {
		"project-id": "project-1",
		"instance-id": instance.id,
		"image-id": "",
		"user-data": "I2Nsb3VkLWNvbmZpZwo=",
		hostname: instance.server?.hostname,
		metadata: {},
		"boot-roles": "",
	};
	expect(asked).toEqual([{ method: "POST", type: "application/json", body }]);
});

it.each<[what: string, listener: RequestListener, detail: string]>([
	["answers an error", (_request, response) => response.writeHead(500).end('{"secret": 1}'), "status 500"],
	[
		"redirects for ever",
		(_request, response) => response.writeHead(302, { location: "/" }).end(),
		"more than 5 redirects",
	],
	[
		"redirects to another origin",
		(_request, response) => response.writeHead(307, { location: "http://127.0.0.2/" }).end(),
		"status 307 to another origin",
	],
	["returns invalid JSON", (_request, response) => response.end("secret"), "the response is not JSON"],
	["answers too much", (_request, response) => response.end(`"${"x".repeat(300_000)}"`), "more than 262144 bytes"],
	["never answers", () => {}, "timed out"],
	["stops in the middle", (_request, response) => response.writeHead(200).write('{"a'), "timed out"],
	["breaks off", (request) => request.socket.destroy(), "UND_ERR_SOCKET"],
])("a target that %s gives {} and a line in the log, the others stay", async (_what, listener, detail) => {
	const bad = await target(listener, "bad", detail === "timed out" ? 0.2 : 10);
	const { read, lines, counts } = vendorData([bad, await target((_request, response) => response.end("1"), "good")]);
	expect(await read(instance)).toEqual({ bad: {}, good: 1 });
	expect(lines.map((line) => JSON.parse(line))).toMatchObject([
		{ level: 40, vendorData: "bad", instance: instance.id, detail },
	]);
	expect(lines.join("")).not.toMatch(/secret|in-the-url/);
	expect(counts.toSorted()).toEqual(["bad failed", "good answered"]);
});

it("follows a redirect within the origin, with method and body", async () => {
	const asked: string[] = [];
	const { read } = vendorData([
		await target(async ({ method, url }, response) => {
			asked.push(`${method} ${url}`);
			if (url === "/v?token=in-the-url") response.writeHead(301, { location: "moved" }).end();
			else response.end("[1]");
		}),
	]);
	expect(await read(instance)).toEqual({ join: [1] });
	expect(asked).toEqual(["POST /v?token=in-the-url", "POST /moved"]);
});

describe("with a token", () => {
	/** Counts tokens: t1, t2 … */
	function tokens() {
		let count = 1;
		return {
			get: async () => `t${count}`,
			refuse: (token: string) => {
				if (token === `t${count}`) count++;
			},
		};
	}

	it("sends it, and renews it once after a 401", async () => {
		const seen: unknown[] = [];
		const { read } = vendorData(
			[
				await target(({ headers }, response) => {
					seen.push(headers["x-auth-token"]);
					response.writeHead(headers["x-auth-token"] === "t2" ? 200 : 401).end('"welcome"');
				}),
			],
			{ token: tokens() },
		);
		expect(await read(instance)).toEqual({ join: "welcome" });
		expect(seen).toEqual(["t1", "t2"]);
	});

	it("gives up on a target that rejects both", async () => {
		const { read, lines } = vendorData([await target((_request, response) => response.writeHead(401).end())], {
			token: tokens(),
		});
		expect(await read(instance)).toEqual({ join: {} });
		expect(lines.join("")).toContain("status 401");
		expect(lines.join("")).not.toMatch(/"t[12]"/);
	});

	it("never sends it to another origin", async () => {
		const seen: unknown[] = [];
		const other = await target(({ headers }, response) => {
			seen.push(headers);
			response.end();
		});
		const first = await target((_request, response) => response.writeHead(302, { location: other.url }).end());
		expect(await vendorData([first], { token: tokens() }).read(instance)).toEqual({ join: {} });
		expect(seen).toEqual([]);
	});

	it("does not wait for a Keystone that hangs longer than for the target", async () => {
		const { read, lines } = vendorData([await target((_request, response) => response.end("1"), "join", 0.2)], {
			token: { get: () => new Promise(() => {}), refuse: () => {} },
		});
		expect(await read(instance)).toEqual({ join: {} });
		expect(lines.join("")).toContain("timed out");
	});

	it("names Keystone's failure in the log", async () => {
		const failed = new GuestwireError("cloud-unavailable", "POST http://k/v3/auth/tokens: answered 503");
		const { read, lines } = vendorData([await target((_request, response) => response.end("1"))], {
			token: { get: () => Promise.reject(failed), refuse: () => {} },
		});
		expect(await read(instance)).toEqual({ join: {} });
		expect(lines.join("")).toContain("no token: POST http://k/v3/auth/tokens: answered 503");
	});
});

it.skipIf(!hasProgram("openssl"))("trusts the configured authorities only (apt-get install openssl)", async () => {
	await using folder = await mkdtempDisposable(join(tmpdir(), "guestwire-ca-"));
	const [key, ca] = [join(folder.path, "key.pem"), join(folder.path, "ca.pem")];
	const subject = ["-subj", "/CN=vendor", "-addext", "subjectAltName=IP:127.0.0.1", "-days", "2"];
	execFileSync("openssl", ["req", "-x509", "-nodes", "-newkey", "rsa:2048", "-keyout", key, "-out", ca, ...subject], {
		stdio: "pipe",
	});
	const pem = { key: readFileSync(key), cert: readFileSync(ca) };
	const server = createHttpsServer(pem, (_request, response) => response.end("1")).listen(0, "127.0.0.1");
	servers.push(server);
	await once(server, "listening");
	const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}/`;
	const targets = [{ name: "join", url, timeoutSeconds: 5 }];
	expect(await vendorData(targets).read(instance)).toEqual({ join: {} });
	expect(await vendorData(targets, { ca: pem.cert.toString() }).read(instance)).toEqual({ join: 1 });
});

it("fails if a target fails and failures are fatal, without asking it again at once", async () => {
	let asked = 0;
	const failing = await target((_request, response) => {
		asked++;
		response.writeHead(500).end();
	});
	const dynamic = vendorData([failing], { failureFatal: true });
	const documents = createGuestDocuments(novaSettings, dynamic);
	const listener = { listen: "127.0.0.1:0", identity: { mode: "signed", secret: SECRET } } as const;
	const service = await startTestService([listener], { instances: instancesOf([instance]), documents });
	open.push(service);
	const statuses: number[] = [];
	for (const path of ["vendor_data2.json", "vendor_data2.json", "vendor_data.json", "meta_data.json"]) {
		statuses.push((await service.ask({ path: `/openstack/latest/${path}`, headers: signedHeaders(instance) })).status);
	}
	expect(statuses).toEqual([503, 503, 200, 200]);
	expect(asked).toBe(1);
});

it("sends one request for simultaneous and repeated look-ups, and a new one when a fact in it has changed", async () => {
	let asked = 0;
	const { of, read } = vendorData([await target((_request, response) => response.end(String(++asked)))]);
	const answers = await Promise.all(Array.from({ length: 50 }, () => of(instance)));
	expect(new Set(answers)).toEqual(new Set([await of(instance)]));
	expect(asked).toBe(1);
	expect(await read({ ...instance, ports: [] })).toEqual({ join: 1 });
	const renamed = { ...instance, server: { ...(instance.server as Server), hostname: "renamed" } };
	expect(await read(renamed)).toEqual({ join: 2 });
});

it("is in the documents of the newest facts, even while the response is an old one", async () => {
	const documents = createGuestDocuments(novaSettings, vendorData([await target((_, response) => response.end("1"))]));
	const networkData = async (of: Instance) =>
		Buffer.from((await documents.complete(of)).read("openstack/latest/network_data.json") ?? []).toString();
	expect(await networkData(instance)).toContain('"ethernet_mac_address"');
	expect(await networkData({ ...instance, ports: [] })).not.toContain('"ethernet_mac_address"');
});

/** The documents that Nova's json.dumps(json.loads(…)) writes. */
it("is in the documents with all digits, in its own order and that of the configuration", async () => {
	const answer = (text: string, name: string) => target((_, response) => response.end(text), name);
	const targets = [await answer('{"z":1.0,"10":12345678901234567890,"2":[]}', "9"), await answer('"\u00e9"', "1")];
	const settings = { ...novaSettings, staticVendorData: pythonJson('{"release":1.0,"5":1e5}') };
	const documents = createGuestDocuments(settings, vendorData(targets));
	const text = async (name: string) =>
		Buffer.from((await documents.answer(instance, `openstack/latest/${name}`))?.body ?? []).toString();
	expect(await text("vendor_data.json")).toBe('{"release": 1.0, "5": 100000.0}');
	expect(await text("vendor_data2.json")).toBe(
		'{"static": {"release": 1.0, "5": 100000.0}, "9": {"z": 1.0, "10": 12345678901234567890, "2": []}, "1": "\\u00e9"}',
	);
});

it("is in vendor_data2.json only, beside the static vendor data", async () => {
	const dynamic = vendorData([await target((_request, response) => response.end('{"token": "t"}'))]);
	const documents = createGuestDocuments(novaSettings, dynamic);
	const listener = { listen: "127.0.0.1:0", identity: { mode: "signed", secret: SECRET } } as const;
	const service = await startTestService([listener], { instances: instancesOf([instance]), documents });
	open.push(service);
	const get = async (path: string) =>
		JSON.parse((await service.ask({ path, headers: signedHeaders(instance) })).body.toString());
	const fixed = await get("/openstack/latest/vendor_data.json");
	expect(await get("/openstack/latest/vendor_data2.json")).toEqual({ static: fixed, join: { token: "t" } });
	expect(fixed).not.toHaveProperty("join");
});
