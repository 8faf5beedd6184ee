import { mkdtemp, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { keepsPasswords } from "../../test/password-store-contract.ts";
import { openPasswordStore } from "./password-store.ts";
import { sqliteDatabase } from "./sqlite.ts";

let folder: string;
let file: string;

beforeEach(async () => {
	folder = await mkdtemp(join(tmpdir(), "guestwire-store-"));
	file = join(folder, "state.db");
});

afterEach(() => rm(folder, { recursive: true }));

keepsPasswords(async () => {
	await rm(file, { force: true });
	return sqliteDatabase(file);
});

test("only its owner may read the file", async () => {
	const store = await openPasswordStore(sqliteDatabase(file));
	expect((await stat(file)).mode & 0o777).toBe(0o600);
	await store.close();
});

test("a file that is no database and a folder that is not there are told by name", async () => {
	await writeFile(file, "this is no database, but it is long enough to be taken for one by its size alone".repeat(9));
	await expect(openPasswordStore(sqliteDatabase(file))).rejects.toMatchObject({
		code: "state",
		message: expect.stringContaining(file),
	});
	const nowhere = join(folder, "missing", "state.db");
	await expect(openPasswordStore(sqliteDatabase(nowhere))).rejects.toMatchObject({
		code: "state",
		message: expect.stringContaining(nowhere),
	});
});
