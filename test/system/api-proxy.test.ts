/** OpenStack's APIs behind an HTTP proxy, with a certificate of a CA that only the system knows. */
import { execFile, execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer as createHttp } from "node:http";
import { createServer as createHttps } from "node:https";
import { type AddressInfo, connect, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { hasProgram } from "./programs.ts";

const MAIN = new URL("../../src/cli/main.ts", import.meta.url).pathname;

let folder: string;
let cloud: Server;
let proxy: Server;
/** What each has been asked. */
const asked = { cloud: [] as string[], proxy: [] as string[] };

describe.skipIf(!hasProgram("openssl"))("an API with a certificate of a private CA", { timeout: 120_000 }, () => {
	beforeAll(async () => {
		folder = mkdtempSync(join(tmpdir(), "guestwire-proxy-"));
		createCertificate();
		const tls = { key: readFileSync(join(folder, "server.key")), cert: readFileSync(join(folder, "server.pem")) };
		cloud = await listening(
			createHttps(tls, ({ method, url }, response) => {
				asked.cloud.push(`${method} ${url}`);
				response.writeHead(401).end();
			}),
		);
		const http = createHttp((_, response) => response.writeHead(400).end());
		http.on("connect", ({ url = "" }, socket, head) => {
			asked.proxy.push(url);
			const upstream = connect(portOf(cloud), "127.0.0.1", () => {
				socket.write("HTTP/1.1 200 Connection Established\r\n\r\n");
				upstream.write(head);
				upstream.pipe(socket).pipe(upstream);
			});
			upstream.on("error", () => socket.destroy());
			socket.on("error", () => upstream.destroy());
		});
		proxy = await listening(http);
	});
	afterAll(() => {
		cloud?.close();
		proxy?.close();
		rmSync(folder, { recursive: true, force: true });
	});

	it.each(["HTTPS_PROXY", "https_proxy"])(
		"is asked through the proxy of %s, and trusted by the system's list",
		async (name) => {
			const output = await doctor("https://cloud.test:8443/v3", { [name]: proxyUrl(), SSL_CERT_FILE: caFile() });
			expect(asked.proxy).toContain("cloud.test:8443");
			expect(asked.cloud).toContain("POST /v3/auth/tokens");
			expect(output).not.toMatch(/certificate|ENOTFOUND/i);
		},
	);

	it("is asked directly if NO_PROXY names its host", async () => {
		const env = { HTTPS_PROXY: proxyUrl(), NO_PROXY: "127.0.0.1", SSL_CERT_FILE: caFile() };
		await doctor(`https://127.0.0.1:${portOf(cloud)}/v3`, env);
		expect(asked.proxy).toEqual([]);
		expect(asked.cloud).toContain("POST /v3/auth/tokens");
	});

	it("is not trusted without the CA, and the message says where to name it", async () => {
		const output = await doctor(`https://127.0.0.1:${portOf(cloud)}/v3`, {});
		expect(asked.cloud).toEqual([]);
		expect(output).toMatch(/cacert/);
	});
});

/** What `guestwire doctor` prints for a cloud with this URL. */
async function doctor(url: string, env: Readonly<Record<string, string>>): Promise<string> {
	asked.cloud = [];
	asked.proxy = [];
	const auth = `{ auth_url: "${url}", username: u, password: p, project_name: p }`;
	writeFileSync(join(folder, "clouds.yaml"), `clouds: { one: { auth: ${auth} } }`);
	const { HTTPS_PROXY: _, https_proxy: __, NO_PROXY: ___, SSL_CERT_FILE: ____, ...own } = process.env;
	const options = { env: { ...own, OS_CLIENT_CONFIG_FILE: join(folder, "clouds.yaml"), ...env } };
	return new Promise((resolve) => {
		execFile(process.execPath, [MAIN, "doctor", "--os-cloud", "one"], options, (_error, stdout, stderr) =>
			resolve(stdout + stderr),
		);
	});
}

async function listening(server: Server): Promise<Server> {
	await new Promise<void>((resolve) => {
		server.listen(0, "127.0.0.1", resolve);
	});
	return server;
}

function portOf(server: Server): number {
	return (server.address() as AddressInfo).port;
}

function proxyUrl(): string {
	return `http://127.0.0.1:${portOf(proxy)}`;
}

function caFile(): string {
	return join(folder, "ca.pem");
}

/** A CA, and a certificate of it. */
function createCertificate(): void {
	const openssl = (...args: string[]) => execFileSync("openssl", args, { cwd: folder, stdio: "pipe" });
	const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
	openssl("req", "-x509", ...key, "-keyout", "ca.key", "-out", "ca.pem", "-days", "2", "-subj", "/CN=test CA");
	openssl("req", ...key, "-keyout", "server.key", "-out", "server.csr", "-subj", "/CN=cloud");
	writeFileSync(join(folder, "extensions"), "subjectAltName = DNS:cloud.test, IP:127.0.0.1\n");
	const ca = ["-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-extfile", "extensions"];
	openssl("x509", "-req", "-in", "server.csr", ...ca, "-out", "server.pem", "-days", "2");
}
