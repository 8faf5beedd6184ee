/** @module-tag slow */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { runCli, startCli } from "../../test/run-cli.ts";
import { decodeConfigDrive, readConfigDrive } from "../config-drive/index.ts";

const examples = new URL("../../examples/inventory", import.meta.url).pathname;

let folder: string;
beforeEach(() => {
	folder = mkdtempSync(join(tmpdir(), "guestwire-cli-url-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

function configure(operator: string): string[] {
	const file = join(folder, "guestwire.yaml");
	writeFileSync(join(folder, "token"), "a-long-random-token");
	const metadata = '[{ listen: "127.0.0.1:0", identity: fixed, instance: web-1 }]';
	const lines = [`cloud: { files: { path: ${examples} } }`, `metadata: ${metadata}`, `operator: ${operator}`];
	writeFileSync(file, [...lines, "state: { sqlite: state.db }", ""].join("\n"));
	return ["--config", file];
}
const url = (...args: string[]) => runCli(["config-drive", "--url", ...args]);

describe("config-drive --url", () => {
	it("prints a link that a running server with the same state accepts", async () => {
		const serving = startCli(["serve", ...configure('{ listen: "127.0.0.1:0", tokenFile: token }')]);
		try {
			const [, served] = await serving.says(/for operators: curl .*(http:\/\/127\.0\.0\.1:\d+)\/api/);
			const { code, stdout } = await url("metal-1", ...configure(`{ listen: "127.0.0.1:0", url: "${served}" }`));
			expect([code, stdout]).toEqual([
				0,
				expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+\/api\/instances\/metal-1\//),
			]);
			const response = await fetch(stdout.trim());
			expect(response.status).toBe(200);
			const drive = readConfigDrive(decodeConfigDrive(new Uint8Array(await response.arrayBuffer())));
			expect(drive.label).toBe("config-2");
		} finally {
			await serving.stop();
		}
	});

	it("is valid for --minutes, and has details as JSON", async () => {
		const config = configure('{ listen: "127.0.0.1:8790", url: "https://guestwire.example" }');
		const { stdout, stderr } = await url("metal-1", "--minutes", "5", "--json", ...config);
		const { url: link, expires } = JSON.parse(stdout);
		expect([link, stderr]).toEqual([
			expect.stringMatching(/^https:\/\/guestwire\.example\/api\/instances\/metal-1/),
			"",
		]);
		expect(Math.abs(Date.parse(expires) - Date.now() - 300_000)).toBeLessThan(60_000);
	});

	it("says when only this machine can open the link", async () => {
		const { code, stdout, stderr } = await url("metal-1", ...configure('{ listen: "127.0.0.1:8790" }'));
		expect([code, stdout.slice(0, 50)]).toEqual([0, "http://127.0.0.1:8790/api/instances/metal-1/config"]);
		expect(stderr).toMatch(/^guestwire: only this machine can open the link: set "operator.url"[^\n]*\n$/);
	});

	it("refuses a state that is the user's own, which another key signs for", async () => {
		const config = join(folder, "stateless.yaml");
		writeFileSync(config, `cloud: { files: { path: ${examples} } }\n`);
		for (const source of [
			["--config", config],
			["--inventory", examples],
		]) {
			const { code, stdout, stderr } = await url("metal-1", ...source);
			expect([code, stdout]).toEqual([1, ""]);
			expect(stderr).toMatch(/^guestwire: --url needs the state of the operator server: [^\n]*"state"\)\n$/);
		}
		const env = { STATE_DIRECTORY: folder };
		expect(await runCli(["config-drive", "--url", "metal-1", "--config", config], { env })).toMatchObject({ code: 0 });
	});

	it.each([
		[
			["metal-1"],
			'{ listen: "0.0.0.0:8790", tokenFile: token }',
			78,
			/0\.0\.0\.0:8790 can't be in a URL: set "operator.url"/,
		],
		[["metal-1"], '{ listen: "unix:/run/operator.sock" }', 78, /can't be in a URL/],
		[["metal-1"], '{ listen: "127.0.0.1:8790", url: "ftp://x" }', 78, /operator\.url/],
		[["none"], "{}", 1, /there is no instance "none"/],
		[[], "{}", 2, /--url takes an instance/],
		[["metal-1", "--format", "vfat"], "{}", 2, /omit other options/],
		[["metal-1", "--minutes", "0"], "{}", 2, /from 1 to 1440/],
	])("%j with %s: one line says what is wrong", async (args, operator, expected, message) => {
		const { code, stdout, stderr } = await url(...args, ...configure(operator));
		expect(stderr).toMatch(message);
		expect([code, stdout, stderr.trimEnd().includes("\n")]).toEqual([expected, "", false]);
	});
});
