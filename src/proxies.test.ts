import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { request } from "undici";
import { afterEach, describe, expect, it } from "vitest";
import { type Connections, openConnections, proxyFor } from "./proxies.ts";

const HTTPS = { https_proxy: "http://p:3128" };
const proxyOf = (url: string, env: Readonly<Record<string, string>>) => proxyFor(new URL(url), env)?.href;

describe("the proxy for a URL", () => {
	/** What `select_proxy` of Python's requests 2.34 chooses among the proxies of the environment. */
	it.each([
		["https://k:5000", { https_proxy: "http://p:3128" }, "http://p:3128/"],
		["https://k:5000", { HTTPS_PROXY: "http://p:3128" }, "http://p:3128/"],
		["https://k:5000", { https_proxy: "http://p:1", HTTPS_PROXY: "http://p:2" }, "http://p:1/"],
		["https://k:5000", { https_proxy: "", HTTPS_PROXY: "http://p:2" }, undefined],
		["https://k:5000", { https_proxy: "", all_proxy: "http://p:1" }, "http://p:1/"],
		["https://k:5000", { http_proxy: "http://p:3128" }, undefined],
		["http://k:5000", { https_proxy: "http://p:3128" }, undefined],
		["http://k:5000", { http_proxy: "http://p:3128" }, "http://p:3128/"],
		["https://k:5000", { all_proxy: "http://p:1" }, "http://p:1/"],
		["https://k:5000", { ALL_PROXY: "http://p:1", https_proxy: "http://p:2" }, "http://p:2/"],
		["https://k:5000", { https_proxy: "p:3128" }, "http://p:3128/"],
		["https://k:5000", { https_proxy: "127.0.0.1:3128" }, "http://127.0.0.1:3128/"],
	])("%s with %o", (url, env, expected) => {
		expect(proxyOf(url, env)).toBe(expected);
	});

	/** The hosts for which `should_bypass_proxies` of Python's requests 2.34 is true. */
	it.each([
		["https://10.1.2.3:5000", "10.0.0.0/8"],
		["https://10.1.2.3:5000", "localhost, 127.0.0.1,10.1.2.3"],
		["https://[fd00::5]:5000", "fd00::5"],
		["https://k.example.org:5000", "example.org"],
		["https://k.example.org:5000", ".example.org"],
		["https://k.example.org:5000", "K.Example.ORG"],
		["https://k.example.org:5000", "k.example.org:5000"],
		["https://k.example.org:5000", "*"],
	])("%s is excepted by no_proxy=%s", (url, list) => {
		for (const name of ["no_proxy", "NO_PROXY"]) expect(proxyOf(url, { ...HTTPS, [name]: list })).toBeUndefined();
	});

	it.each([
		["https://11.1.2.3:5000", "10.0.0.0/8"],
		["https://[fd01::5]:5000", "fd00::/16,10.0.0.0/8"],
		["https://k.example.org:5000", "10.0.0.0/8"],
		["https://k.example.org:5000", "k.example.org:5001"],
		["https://10.1.2.3:5000", "10.1.2.4"],
		["https://k.example.org:5000", ","],
	])("%s is not excepted by no_proxy=%s", (url, list) => {
		expect(proxyOf(url, { ...HTTPS, no_proxy: list })).toBe("http://p:3128/");
	});

	/** Rules of Go's httpproxy alone (`config.init` in its proxy.go). */
	it("reads ranges of IPv6, a port beside an address, and a domain with an asterisk", () => {
		expect(proxyOf("https://[fd00:1::5]:5000", { ...HTTPS, no_proxy: "fd00::/16" })).toBeUndefined();
		expect(proxyOf("https://10.1.2.3:5000", { ...HTTPS, no_proxy: "10.1.2.3:5000" })).toBeUndefined();
		expect(proxyOf("https://10.1.2.3:5000", { ...HTTPS, no_proxy: "10.1.2.3:5001" })).toBe("http://p:3128/");
		expect(proxyOf("https://[fd00::5]:5000", { ...HTTPS, no_proxy: "[FD00::5]:5000" })).toBeUndefined();
		expect(proxyOf("https://k.example.org", { ...HTTPS, no_proxy: "*.example.org:443" })).toBeUndefined();
		expect(proxyOf("https://example.org", { ...HTTPS, no_proxy: "*.example.org" })).toBe("http://p:3128/");
	});

	it.each(["http://", "socks5h://p:1", "http://user:secret@p:port", "http://user:secret%@p:3128"])(
		"%s is no proxy, and is not shown",
		(text) => {
			const find = () => proxyOf("https://k", { HTTPS_PROXY: text });
			expect(find).toThrow(/^HTTPS_PROXY is not the URL of a proxy: write it like/);
			expect(find).not.toThrow(/secret/);
		},
	);
});

describe("connections", () => {
	const open: (() => unknown)[] = [];
	afterEach(async () => {
		for (const close of open.splice(0)) await close();
	});

	/** A proxy for plain HTTP, which answers by itself with what it was asked. */
	async function startProxy(): Promise<string> {
		const server = createServer(({ url }, response) => response.end(url)).listen(0, "127.0.0.1");
		await new Promise((resolve) => server.once("listening", resolve));
		open.push(() => server.close());
		return `127.0.0.1:${(server.address() as AddressInfo).port}`;
	}

	async function ask(connections: Connections, url: string): Promise<string> {
		open.push(() => connections.destroy());
		const { dispatcher } = connections.wayTo(new URL(url));
		const { body } = await request(url, { dispatcher });
		return body.text();
	}

	it("of plain HTTP ask the proxy for the whole URL", async () => {
		const proxy = await startProxy();
		const connections = openConnections({}, { http_proxy: `user:secret@${proxy}` });
		expect(await ask(connections, "http://k.invalid:5000/v3")).toBe("http://k.invalid:5000/v3");
		expect(connections.wayTo(new URL("http://k.invalid"))).toMatchObject({ proxy: `http://${proxy}` });
	});

	it("go to an excepted host directly", async () => {
		const [proxy, service] = [await startProxy(), await startProxy()];
		const connections = openConnections({}, { http_proxy: proxy, no_proxy: "127.0.0.0/8" });
		expect(await ask(connections, `http://${service}/v3`)).toBe("/v3");
		expect(connections.wayTo(new URL(`http://${service}`))).not.toHaveProperty("proxy");
	});
});
