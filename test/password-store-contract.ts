/** What a password store keeps to, on whatever database. */
import fc from "fast-check";
import { expect, test } from "vitest";
import type { StateDatabase } from "../src/store/database.ts";
import { openPasswordStore } from "../src/store/password-store.ts";

/** @param freshDatabase an empty database, which may be opened several times at once */
export function keepsPasswords(freshDatabase: () => Promise<StateDatabase>): void {
	test("the first password stays, whatever bytes it is made of, and outlives the process that took it", async () => {
		// PostgreSQL's text has no NUL; an instance's id has none either.
		const id = fc.string({ minLength: 1 }).filter((text) => !text.includes("\0"));
		const passwords = fc.dictionary(id, fc.uint8Array({ minLength: 1, maxLength: 1020 }));
		await fc.assert(
			fc.asyncProperty(passwords, async (wanted) => {
				const database = await freshDatabase();
				const store = await openPasswordStore(database);
				for (const [id, password] of Object.entries(wanted)) {
					expect(await store.get(id)).toBeUndefined();
					expect(await store.setOnce(id, password)).toBe(true);
					expect(await store.setOnce(id, Buffer.from("another"))).toBe(false);
				}
				await store.close();
				const later = await openPasswordStore(database);
				for (const [id, password] of Object.entries(wanted)) {
					expect(Buffer.from((await later.get(id)) ?? [])).toEqual(Buffer.from(password));
				}
				await later.close();
			}),
			{ numRuns: 20 },
		);
	});

	test("of two processes that set a password at once, one is told that it came too late", async () => {
		const database = await freshDatabase();
		const [one, other] = await Promise.all([openPasswordStore(database), openPasswordStore(database)]);
		const set = await Promise.all([one.setOnce("i", Buffer.from("a")), other.setOnce("i", Buffer.from("b"))]);
		expect(set.toSorted()).toEqual([false, true]);
		expect(await other.get("i")).toEqual(await one.get("i"));
		await Promise.all([one.close(), other.close()]);
	});
}
