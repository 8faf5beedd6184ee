/**
 * The audit of dependencies, with npm itself before registries that answer differently.
 *
 * @module-tag slow
 */
import { execFile } from "node:child_process";
import { once } from "node:events";
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, test } from "vitest";

const root = new URL("../", import.meta.url).pathname;

/** @returns the exit code, and what is printed */
async function audit(registry: RequestListener): Promise<[number, string]> {
	await using server = createServer(registry).listen(0, "127.0.0.1");
	await once(server, "listening");
	const { port } = server.address() as AddressInfo;
	const env = { ...process.env, npm_config_registry: `http://127.0.0.1:${port}`, npm_config_fetch_retries: "0" };
	const { promise, resolve } = Promise.withResolvers<[number, string]>();
	execFile(process.execPath, ["scripts/audit.ts"], { cwd: root, env }, (error, stdout) =>
		resolve([Number(error?.code ?? 0), stdout]),
	);
	return await promise;
}

const status = (code: number): RequestListener => {
	return (_request, response) => void response.writeHead(code).end();
};

/** As npm's registry answers: advisories by package, and what it has of each. */
const advising = (advisories: Readonly<Record<string, object[]>>): RequestListener => {
	return ({ method, url = "" }, response) => {
		const name = decodeURIComponent(url.slice(1));
		const body = method === "POST" ? advisories : { name, versions: { "1.0.0": { name, version: "1.0.0" } } };
		response.setHeader("content-type", "application/json").end(JSON.stringify(body));
	};
};

test.each([404, 405, 501])(
	"a registry without audits (%i) is reported, and the audit does not claim success",
	async (code) => {
		const [exit, text] = await audit(status(code));
		expect(text).toMatch(/^not audited: the registry offers no audit[^\n]+\n$/);
		expect(exit).toBe(0);
	},
);

test.each([403, 500])("a registry that fails (%i) fails the audit", async (code) => {
	const [exit, text] = await audit(status(code));
	expect(text).toMatch(/^not audited: the audit failed [^\n]+\n$/);
	expect(exit).toBe(1);
});

test.each([
	["that users install", "fastify"],
	["that the page is built of", "preact"],
])("a vulnerable package %s fails the audit by name", async (_what, name) => {
	const advisory = { id: 1, url: "https://example.org/1", title: "Bad", severity: "high", vulnerable_versions: "*" };
	const [exit, text] = await audit(advising({ [name]: [advisory] }));
	expect(text).toMatch(new RegExp(`^${name} \\*: high$`, "m"));
	expect(text).toMatch(/^[1-9]\d* of \d+ packages have known vulnerabilities$/m);
	expect(exit).toBe(1);
});

test("the audit passes without advisories", async () => {
	const [exit, text] = await audit(advising({}));
	expect(text).toMatch(/^0 of \d+ packages have known vulnerabilities\n$/);
	expect(exit).toBe(0);
});
