/** State in a real PostgreSQL. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openDatabase } from "../../src/store/database.ts";
import { createPasswordStore } from "../../src/store/password-store.ts";
import { runCli } from "../run-cli.ts";
import { keepsState } from "../state-contract.ts";
import { startFreezingProxy } from "./freezing-proxy.ts";
import { hasPostgres, type PostgresServer, startPostgres } from "./postgres-server.ts";

/** How soon passwords work again after connections have frozen, in milliseconds. */
const HEALTHY_AGAIN = 10_000;

describe.skipIf(!hasPostgres)("PostgreSQL (apt-get install postgresql)", () => {
	let server: PostgresServer;

	beforeAll(() => {
		server = startPostgres();
	});

	afterAll(() => server.stop());

	keepsState(async () => ({ postgres: server.createDatabase() }));

	test("the error for a missing database contains no password", async () => {
		const url = server.url("missing").replace("postgres@", "postgres:hush@");
		const error: unknown = await openDatabase({ postgres: url }).catch((reason) => reason);
		expect(error).toMatchObject({ code: "state", message: expect.stringContaining('"missing" does not exist') });
		expect((error as Error).message).not.toContain("hush");
	});

	test("frozen connections are errors within seconds and are replaced", async () => {
		const proxy = await startFreezingProxy(server.socket);
		const name = new URL(server.createDatabase().replace("@/", "@localhost/")).pathname;
		const state = await openDatabase({ postgres: `postgres://postgres@127.0.0.1:${proxy.port}${name}` });
		const passwords = createPasswordStore(state);
		const ids = Array.from({ length: 12 }, (_, index) => `instance-${index}`);
		// As many connections as the pool has.
		await Promise.all(ids.map((id) => passwords.setOnce(id, Buffer.from(id))));

		proxy.freeze();
		const frozen = performance.now();
		const answers = await Promise.allSettled(ids.map((id) => passwords.get(id)));
		expect(answers.filter(({ status }) => status === "rejected").length).toBeGreaterThan(0);
		expect(performance.now() - frozen).toBeLessThan(HEALTHY_AGAIN);

		proxy.thaw();
		const thawed = performance.now();
		const isHealthy = async () => (await Promise.allSettled(ids.map((id) => passwords.get(id)))).every(isFulfilled);
		while (!(await isHealthy())) expect(performance.now() - thawed).toBeLessThan(HEALTHY_AGAIN);
		console.log(`healthy ${Math.round(performance.now() - thawed)} ms after packets pass again`);
		for (const id of ids) expect(Buffer.from((await passwords.get(id)) ?? []).toString()).toBe(id);

		// Idle connections that froze unnoticed, with the database reachable: the first query finds out for all.
		await Promise.all(ids.map((id) => passwords.get(id)));
		proxy.freeze();
		proxy.thaw();
		const unnoticed = performance.now();
		while (!(await isHealthy())) expect(performance.now() - unnoticed).toBeLessThan(HEALTHY_AGAIN);
		console.log(`healthy ${Math.round(performance.now() - unnoticed)} ms after idle connections froze`);
		expect(performance.now() - unnoticed).toBeLessThan(HEALTHY_AGAIN);
		await state.close();
		await proxy.close();
	});

	test("a server that dies within a transaction affects only that transaction", async () => {
		const state = await openDatabase({ postgres: server.createDatabase() });
		const passwords = createPasswordStore(state);
		await passwords.setOnce("one", Buffer.from("kept"));
		const working = state.write((tables) =>
			tables.transaction().execute(async (transaction) => {
				await transaction.deleteFrom("passwords").execute();
				server.kill();
				// The connection breaks while no query runs on it.
				await sleep(200);
				await transaction.deleteFrom("passwords").execute();
			}),
		);
		await expect(working).rejects.toMatchObject({ code: "state" });
		server.restart();
		expect(Buffer.from((await passwords.get("one")) ?? []).toString()).toBe("kept");
		await state.close();
	});

	test("a lock is lost when its connection freezes, and can be taken again", async () => {
		const proxy = await startFreezingProxy(server.socket);
		const name = new URL(server.createDatabase().replace("@/", "@localhost/")).pathname;
		const state = await openDatabase({ postgres: `postgres://postgres@127.0.0.1:${proxy.port}${name}` });
		const signal = new AbortController().signal;
		const { lost } = await state.acquireLock("mirror", signal);
		proxy.freeze();
		const frozen = performance.now();
		if (!lost.aborted) await new Promise((resolve) => lost.addEventListener("abort", resolve, { once: true }));
		console.log(`the holder knows ${Math.round(performance.now() - frozen)} ms after its connection froze`);
		expect(performance.now() - frozen).toBeLessThan(HEALTHY_AGAIN);
		// The connection's other end is closed, as the kernel does when its keep-alive probes get no answer.
		await proxy.close();
		const direct = await openDatabase({ postgres: server.url(name.slice(1)) });
		const lock = await direct.acquireLock("mirror", signal);
		expect(lock.lost.aborted).toBe(false);
		await lock.release();
		await Promise.all([state.close(), direct.close()]);
	});

	test.each(["iso9660", "vfat"])("drives made on two machines that share it are the same bytes: %s", async (format) => {
		const folder = mkdtempSync(join(tmpdir(), "guestwire-machines-"));
		const inventory = new URL("../../examples/inventory", import.meta.url).pathname;
		const config = join(folder, "guestwire.yaml");
		const state = { postgres: server.createDatabase() };
		writeFileSync(config, JSON.stringify({ state, cloud: { files: { path: inventory } } }));
		const drive = async (machine: string) => {
			const file = join(folder, `${machine}.img`);
			const args = ["config-drive", "web-1", "--config", config, "--format", format, "-o", file];
			const { code, stderr } = await runCli(args, { env: { HOME: join(folder, machine) } });
			expect(code, stderr).toBe(0);
			return readFileSync(file);
		};
		const [one, two] = [await drive("one"), await drive("two")];
		expect(one.equals(two)).toBe(true);
		rmSync(folder, { recursive: true });
	});
});

function isFulfilled({ status }: PromiseSettledResult<unknown>): boolean {
	return status === "fulfilled";
}
