import { once } from "node:events";
import { createServer, type IncomingMessage, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, expect, it } from "vitest";
import {
	guest,
	instancesOf,
	novaSettings,
	SECRET,
	signedHeaders,
	startTestService,
} from "../../test/metadata-service.ts";
import { createGuestDocuments } from "./guest-documents.ts";
import { createLog } from "./log.ts";
import { createDynamicVendorData, type VendorDataTarget } from "./vendor-data.ts";

const servers: Server[] = [];
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

function vendorData(targets: readonly VendorDataTarget[]) {
	const lines: string[] = [];
	const counts: string[] = [];
	const log = createLog({ write: (line) => lines.push(line) });
	const data = createDynamicVendorData(targets, { log, count: (...what) => counts.push(what.join(" ")) });
	open.push(data);
	return { ...data, lines, counts };
}

async function textOf(request: IncomingMessage): Promise<string> {
	const chunks: Buffer[] = [];
	for await (const chunk of request) chunks.push(chunk);
	return Buffer.concat(chunks).toString();
}

const instance = guest({ address: "10.0.0.5", userData: Buffer.from("#cloud-config\n") });

it("asks as Nova does and gives the answer under the target's name", async () => {
	const asked: { method?: string | undefined; type?: string | undefined; body: unknown }[] = [];
	const { of } = vendorData([
		await target(async (request, response) => {
			const { method, headers } = request;
			asked.push({ method, type: headers["content-type"], body: JSON.parse(await textOf(request)) });
			response.end('{"a": [1]}');
		}),
		await target((_request, response) => response.end(), "empty"),
	]);
	expect(await of(instance)).toEqual({ join: { a: [1] }, empty: {} });
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
	["redirects", (_request, response) => response.writeHead(302, { location: "/" }).end(), "status 302"],
	["returns invalid JSON", (_request, response) => response.end("secret"), "the response is not JSON"],
	["answers too much", (_request, response) => response.end(`"${"x".repeat(300_000)}"`), "more than 262144 bytes"],
	["never answers", () => {}, "timed out"],
	["stops in the middle", (_request, response) => response.writeHead(200).write('{"a'), "timed out"],
	["breaks off", (request) => request.socket.destroy(), "UND_ERR_SOCKET"],
])("a target that %s is left out with a line in the log, the others stay", async (_what, listener, detail) => {
	const bad = await target(listener, "bad", detail === "timed out" ? 0.2 : 10);
	const { of, lines, counts } = vendorData([bad, await target((_request, response) => response.end("1"), "good")]);
	expect(await of(instance)).toEqual({ good: 1 });
	expect(lines.map((line) => JSON.parse(line))).toMatchObject([
		{ level: 40, vendorData: "bad", instance: instance.id, detail },
	]);
	expect(lines.join("")).not.toMatch(/secret|in-the-url/);
	expect(counts.toSorted()).toEqual(["bad failed", "good answered"]);
});

it("asks once for what is asked at once and again, and anew when the facts have changed", async () => {
	let asked = 0;
	const { of } = vendorData([await target((_request, response) => response.end(String(++asked)))]);
	const answers = await Promise.all(Array.from({ length: 50 }, () => of(instance)));
	expect(new Set(answers)).toEqual(new Set([await of(instance)]));
	expect(asked).toBe(1);
	expect(await of({ ...instance })).toEqual({ join: 2 });
});

it("stands in vendor_data2.json alone, beside the static vendor data", async () => {
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
