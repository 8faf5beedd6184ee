/** SIGTERM while another process holds the state, so that `guestwire serve` can't start. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, readlinkSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { lockFile } from "./lock-file.ts";

const MAIN = fileURLToPath(new URL("../src/cli/main.ts", import.meta.url));
const EXAMPLE = fileURLToPath(new URL("../examples/inventory", import.meta.url));

function hasOpen(pid: number, file: string): boolean {
	const folder = `/proc/${pid}/fd`;
	return readdirSync(folder).some((fd) => readlinkSync(join(folder, fd)) === file);
}

test("it ends at once", async () => {
	const folder = mkdtempSync(join(tmpdir(), "guestwire-stop-"));
	const lock = await lockFile(join(folder, "state.db"));
	const config = {
		cloud: { files: { path: EXAMPLE } },
		metadata: [{ listen: "127.0.0.1:0", identity: "fixed", instance: "web-1" }],
		operator: { listen: "127.0.0.1:0" },
		state: { sqlite: "state.db" },
	};
	writeFileSync(join(folder, "guestwire.yaml"), JSON.stringify(config));
	const child = spawn(process.execPath, [MAIN, "serve", "--config", join(folder, "guestwire.yaml")], {
		stdio: ["ignore", "ignore", "pipe"],
	});
	let said = "";
	child.stderr.on("data", (data: Buffer) => {
		said += data;
	});
	const ended = once(child, "exit");
	const { pid = 0 } = child;
	await expect.poll(() => hasOpen(pid, join(folder, "state.db")), { timeout: 30_000 }).toBe(true);
	child.kill("SIGTERM");
	expect(await ended).toEqual([0, null]);
	expect(said).toBe("");
	await lock.release();
	rmSync(folder, { recursive: true });
});
