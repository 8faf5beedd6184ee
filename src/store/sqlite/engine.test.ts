/** @module-tag slow */
import { chown, mkdtemp, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import { afterEach, beforeEach, expect, onTestFinished, test, vi } from "vitest";
import { lockFile } from "../../../test/lock-file.ts";
import { keepsState } from "../../../test/state-contract.ts";
import { openDatabase } from "../database.ts";
import { createPasswordStore } from "../password-store.ts";
import { RejectedStatementError } from "../rejected-statement.ts";

let folder: string;
let file: string;

beforeEach(async () => {
	folder = await mkdtemp(join(tmpdir(), "guestwire-store-"));
	file = join(folder, "state.db");
});

afterEach(() => rm(folder, { recursive: true }));

keepsState(async () => ({ sqlite: file }));

test("only the owner can read the file, and what SQLite writes beside it", async () => {
	const state = await openDatabase({ sqlite: file });
	await createPasswordStore(state).setOnce("i", Buffer.from("secret"));
	for (const suffix of ["", "-wal", "-shm"]) expect((await stat(file + suffix)).mode & 0o777).toBe(0o600);
	await state.close();
});

test.skipIf(process.geteuid?.() !== 0)("what root creates in a service's folder belongs to the service", async () => {
	await chown(folder, 12_345, 12_346);
	const state = await openDatabase({ sqlite: file });
	await createPasswordStore(state).setOnce("i", Buffer.from("secret"));
	const lock = await state.acquireLock("mirror", new AbortController().signal);
	for (const suffix of ["", "-wal", "-shm", "-mirror.lock"]) {
		expect(await stat(file + suffix), suffix).toMatchObject({ uid: 12_345, gid: 12_346 });
	}
	await lock.release();
	await state.close();
});

test("a file that is not a database and a missing folder are errors that name them", async () => {
	await writeFile(file, "not a database, but long enough to be taken for one by its size alone".repeat(9));
	await expect(openDatabase({ sqlite: file })).rejects.toMatchObject({
		code: "state",
		message: expect.stringContaining(file),
	});
	const nowhere = join(folder, "missing", "state.db");
	await expect(openDatabase({ sqlite: nowhere })).rejects.toMatchObject({
		code: "state",
		message: expect.stringContaining(nowhere),
	});
});

test("a rejected statement is distinguished from a database that can't be used", async () => {
	const state = await openDatabase({ sqlite: file });
	const ids = Array.from({ length: 40_000 }, (_, at) => `${at}`);
	const read = () =>
		state.read((database) => database.selectFrom("nodes").select("name").where("name", "in", ids).execute());
	const write = () => state.write((database) => database.deleteFrom("nodes").where("name", "in", ids).execute());
	await expect(read()).rejects.toThrow(RejectedStatementError);
	await expect(write()).rejects.toThrow(RejectedStatementError);
	await state.close();
	await expect(read()).rejects.toMatchObject({ code: "state" });
	await expect(read()).rejects.not.toThrow(RejectedStatementError);
});

test("a locked file is opened and read at once; a write waits for the lock and then succeeds", async () => {
	const first = await openDatabase({ sqlite: file });
	await createPasswordStore(first).setOnce("i", Buffer.from("a"));
	const lock = await lockFile(file);
	const second = await openDatabase({ sqlite: file });
	const passwords = createPasswordStore(second);
	expect(await passwords.get("i")).toBeDefined();
	const set = passwords.setOnce("j", Buffer.from("b"));
	expect(await passwords.get("j")).toBeUndefined();
	await lock.release();
	expect(await set).toBe(true);
	expect(await passwords.get("j")).toBeDefined();
	await Promise.all([first.close(), second.close()]);
});

test("the end of a thread that has failed does not fail the statements of the next one", async () => {
	const uses = vi.spyOn(Worker.prototype, "ref");
	onTestFinished(() => uses.mockRestore());
	const state = await openDatabase({ sqlite: file });
	const passwords = createPasswordStore(state);
	expect(await passwords.setOnce("i", Buffer.from("a"))).toBe(true);
	const first = uses.mock.contexts[0] as Worker;
	const lock = await lockFile(file);
	first.emit("error", new Error("out of memory"));
	const set = passwords.setOnce("j", Buffer.from("b"));
	await first.terminate();
	await lock.release();
	expect(await set).toBe(true);
	await state.close();
});

test("writes to a file that stays locked fail together after 4 s", async () => {
	const state = await openDatabase({ sqlite: file });
	const lock = await lockFile(file);
	const passwords = createPasswordStore(state);
	const started = performance.now();
	const set = ["i", "j", "k"].map((id) => passwords.setOnce(id, Buffer.from("a")));
	for (const result of await Promise.allSettled(set)) {
		expect(result).toMatchObject({ reason: { code: "state", message: expect.stringContaining("database is locked") } });
	}
	// One after the other they would take 12 s.
	expect(performance.now() - started).toBeLessThan(8000);
	await lock.release();
	expect(await passwords.setOnce("i", Buffer.from("a"))).toBe(true);
	await state.close();
});
