import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { runCli, stateHome } from "../../test/run-cli.ts";
import { openDatabase } from "../store/database.ts";
import { createPasswordStore } from "../store/password-store.ts";

let folder: string;
beforeEach(() => {
	folder = mkdtempSync(join(tmpdir(), "guestwire-password-"));
	const launched = '"OS-SRV-USG:launched_at": "2030-01-01T00:00:00.000000"';
	writeFileSync(join(folder, "a.yaml"), `servers: [{ id: i-1, name: web-1 }, { id: i-2, name: resized, ${launched} }]`);
	const config = `{ cloud: { files: { path: "${folder}/a.yaml" } }, state: { sqlite: "${folder}/state.db" } }`;
	writeFileSync(join(folder, "guestwire.yaml"), config);
});
afterEach(() => rmSync(folder, { recursive: true }));

const password = (args: readonly string[], options = {}) =>
	runCli(["password", ...args, "--config", join(folder, "guestwire.yaml")], options);

async function post(id: string, bytes: Uint8Array): Promise<void> {
	const state = await openDatabase({ sqlite: join(folder, "state.db") });
	await createPasswordStore(state).setOnce(id, bytes);
	await state.close();
}

test("it is printed byte for byte, with a newline on a terminal, until it is cleared", async () => {
	await post("i-1", Buffer.from("c2VjcmV0"));
	expect(await password(["web-1"])).toEqual({ code: 0, stdout: "c2VjcmV0", stderr: "" });
	expect((await password(["i-1"], { isTTY: true })).stdout).toBe("c2VjcmV0\n");
	expect(await password(["web-1", "--clear"])).toEqual({ code: 0, stdout: "", stderr: "" });
	const { code, stderr } = await password(["web-1"]);
	const said = `guestwire: instance i-1 has no password in ${folder}/state.db: its guest has not posted one\n`;
	expect([code, stderr]).toEqual([1, said]);
});

test("without the service's configuration, the error names the database and doubts it", async () => {
	await post("i-1", Buffer.from("c2VjcmV0"));
	const { code, stderr } = await runCli(["password", "web-1", "--inventory", join(folder, "a.yaml")]);
	const database = join(stateHome, "guestwire", "guestwire.db");
	expect(code).toBe(1);
	expect(stderr).toMatch(`has no password in ${database}: its guest has not posted one, or the service has another`);
});

test("one that was posted before the last launch is printed and cleared, too: a resized guest keeps its password", async () => {
	await post("i-2", Buffer.from("valid"));
	const { code, stdout, stderr } = await password(["resized"]);
	expect([code, stdout]).toEqual([0, "valid"]);
	expect(stderr).toMatch(
		/^guestwire: posted at \d{4}-\d\d-\d\dT[\d:.]+Z: the instance has been launched again since; .*\n$/,
	);
	expect(await password(["resized", "--clear"])).toEqual({ code: 0, stdout: "", stderr: "" });
	expect((await password(["resized"])).code).toBe(1);
});

test("control characters of a guest do not reach a terminal", async () => {
	await post("i-1", Buffer.from("\u001b[2Jx"));
	expect(await password(["web-1"], { isTTY: true })).toMatchObject({ code: 1, stdout: "" });
	expect((await password(["web-1"])).stdout).toBe("\u001b[2Jx");
});
