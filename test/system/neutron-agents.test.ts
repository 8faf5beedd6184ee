/** What becomes of an answer on its way through Neutron's metadata agents. */
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { guest, instancesOf, SECRET, signedHeaders, startTestService, type TestService } from "../metadata-service.ts";
import { hasPythonModules, PYTHON } from "./programs.ts";
import { run } from "./run.ts";

/**
 * Asks with requests, as the agents do, and answers with webob, as they do:
 * `wsgi` to 2024.2 (neutron/agent/metadata/agent.py, neutron/agent/ovn/metadata/server.py), which hand type and body on;
 * `text` 26.0.0 to 26.0.2 and 27.0.0 to 27.0.1 (neutron/common/metadata.py), which write an answer as text in the
 * encoding that requests tells; `unzip` from then on, which unpack what begins as gzip first.
 */
const AGENTS = `
import base64, json, requests, sys, webob

def wsgi(got):
    given = webob.Response()
    given.content_type = got.headers["content-type"]
    given.body = got.content
    return given.body

def text(got):
    return written(webob.Response(body=got.content, content_type=got.headers["content-type"], charset=got.encoding), got)

def unzip(got):
    given = webob.Response(body=got.content, headerlist=[("Content-Type", got.headers["content-type"])])
    if got.content.startswith(bytes.fromhex("1f8b08")):
        given.content_encoding = "gzip"
        given.decode_content()
    return written(given, got)

def written(given, got):
    return str(given).encode(got.encoding).partition(bytes.fromhex("0d0a0d0a"))[2]

for line in sys.stdin:
    asked = json.loads(line)
    got = requests.request(**asked)
    bodies = {agent.__name__: base64.b64encode(agent(got)).decode() for agent in (wsgi, text, unzip)}
    print(json.dumps({"status": got.status_code, "type": got.headers["content-type"], **bodies}))
`;

interface Handed {
	readonly status: number;
	readonly type: string;
	readonly wsgi: Buffer;
	readonly text: Buffer;
	readonly unzip: Buffer;
}

const everyByte = Uint8Array.from({ length: 256 }, (_, index) => index);
const UTF8 = "text/plain; charset=UTF-8";

const available = hasPythonModules("requests", "webob");

describe.skipIf(!available)("Neutron's agents (apt-get install python3-requests python3-webob)", () => {
	let service: TestService;
	const bodies = {
		script: Buffer.from("#!/bin/sh\necho one\r\n\r\necho two\n"),
		"script in UTF-8": Buffer.from("\uFEFF#cloud-config\nhostname: zürich-€-😀\n"),
		"script in Latin-1": Buffer.from("# zürich", "latin1"),
		"any bytes": Buffer.from(everyByte),
		"bytes that begin as UTF-8 does": Buffer.from([0x41, 0xed, 0xa0, 0x80]),
		"gzip of text": gzipSync("#cloud-config\nhostname: zürich\n"),
		"gzip of any bytes": gzipSync(everyByte),
	};
	const guests = new Map(
		Object.entries(bodies).map(([name, userData], index) => [
			name,
			guest({ id: `guest-${index}`, address: "10.0.0.5", userData }),
		]),
	);

	beforeAll(async () => {
		const identity = { mode: "signed", secret: SECRET } as const;
		service = await startTestService([{ listen: "127.0.0.1:0", identity }], {
			instances: instancesOf([...guests.values()]),
		});
	});
	afterAll(() => service.close());

	async function ask(name: string, path: string, request: { method?: string; data?: string } = {}): Promise<Handed> {
		const instance = guests.get(name);
		if (instance === undefined) throw new Error(`no guest ${name}`);
		const headers = Object.fromEntries(signedHeaders(instance));
		const asked = { method: "GET", url: `${service.addresses[0]}${path}`, headers, timeout: 10, ...request };
		const { stdout, stderr } = await run(PYTHON, ["-c", AGENTS], JSON.stringify(asked));
		expect(stderr).toBe("");
		const { status, type, ...handed } = JSON.parse(stdout);
		const bytes = (agent: string) => Buffer.from(handed[agent], "base64");
		return { status, type, wsgi: bytes("wsgi"), text: bytes("text"), unzip: bytes("unzip") };
	}

	it.each(["/openstack/latest/user_data", "/latest/user-data"])("hand %s on, byte for byte", async (path) => {
		for (const [name, body] of Object.entries(bodies)) {
			const { wsgi, text, unzip } = await ask(name, path);
			expect([wsgi, text], name).toEqual([body, body]);
			const unpacked = { "gzip of text": "#cloud-config\nhostname: zürich\n", "gzip of any bytes": everyByte }[name];
			expect(unzip, name).toEqual(Buffer.from(unpacked ?? body));
		}
	});

	it("are given text as Nova gives it", async () => {
		for (const name of ["script", "script in UTF-8"]) {
			expect((await ask(name, "/openstack/latest/user_data")).type).toBe(UTF8);
		}
	});

	it.each(["/openstack/latest/meta_data.json", "/openstack/latest", "/latest/meta-data/instance-id", "/openstack"])(
		"hand %s on",
		async (path) => {
			const { body } = await service.ask({ path, headers: signedHeaders(guests.get("script") as never) });
			const { wsgi, text, unzip } = await ask("script", path);
			expect([wsgi, text, unzip]).toEqual([body, body, body]);
		},
	);

	it("hand a password on, the empty one and a document that is not there too", async () => {
		const path = "/openstack/latest/password";
		expect(await ask("script", path)).toMatchObject({ status: 200, unzip: Buffer.alloc(0) });
		expect(await ask("script", path, { method: "POST", data: "c2VjcmV0" })).toMatchObject({ status: 200 });
		expect(await ask("script", path)).toMatchObject({ status: 200, type: UTF8, unzip: Buffer.from("c2VjcmV0") });
		expect(await ask("script", path, { method: "POST", data: "other" })).toMatchObject({ status: 409 });
		expect(await ask("script", "/openstack/latest/nothing")).toMatchObject({ status: 404 });
	});
});
