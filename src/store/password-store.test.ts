import { mkdtemp, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, expect, test } from "vitest";
import { openPasswordStore } from "./password-store.ts";

let folder: string;
let file: string;

beforeEach(async () => {
	folder = await mkdtemp(join(tmpdir(), "guestwire-store-"));
	file = join(folder, "state.db");
});

afterEach(() => rm(folder, { recursive: true }));

test("the first password stays, whatever bytes it is made of, and outlives the process that took it", async () => {
	const passwords = fc.dictionary(fc.string({ minLength: 1 }), fc.uint8Array({ minLength: 1, maxLength: 1020 }));
	await fc.assert(
		fc.asyncProperty(passwords, async (wanted) => {
			await rm(file, { force: true });
			const store = await openPasswordStore(file);
			for (const [id, password] of Object.entries(wanted)) {
				expect(await store.get(id)).toBeUndefined();
				expect(await store.setOnce(id, password)).toBe(true);
				expect(await store.setOnce(id, Buffer.from("another"))).toBe(false);
			}
			await store.close();
			const later = await openPasswordStore(file);
			for (const [id, password] of Object.entries(wanted)) {
				expect(Buffer.from((await later.get(id)) ?? [])).toEqual(Buffer.from(password));
			}
			await later.close();
		}),
		{ numRuns: 20 },
	);
});

test("of two processes that set a password at once, one is told that it came too late", async () => {
	const [one, other] = [await openPasswordStore(file), await openPasswordStore(file)];
	const set = await Promise.all([one.setOnce("i", Buffer.from("a")), other.setOnce("i", Buffer.from("b"))]);
	expect(set.toSorted()).toEqual([false, true]);
	expect(await other.get("i")).toEqual(await one.get("i"));
	await Promise.all([one.close(), other.close()]);
});

test("only its owner may read the file", async () => {
	const store = await openPasswordStore(file);
	expect((await stat(file)).mode & 0o777).toBe(0o600);
	await store.close();
});

test("a file that is no database and a folder that is not there are told by name", async () => {
	await writeFile(file, "this is no database, but it is long enough to be taken for one by its size alone".repeat(9));
	await expect(openPasswordStore(file)).rejects.toMatchObject({
		code: "state",
		message: expect.stringContaining(file),
	});
	const nowhere = join(folder, "missing", "state.db");
	await expect(openPasswordStore(nowhere)).rejects.toMatchObject({
		code: "state",
		message: expect.stringContaining(nowhere),
	});
});
