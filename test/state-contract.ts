/** What the state does on either database. */
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import fc from "fast-check";
import { expect, test } from "vitest";
import { openDatabase, type StateLocation } from "../src/store/database.ts";
import { createNodeStore } from "../src/store/node-store.ts";
import { createPasswordStore, type PasswordStore } from "../src/store/password-store.ts";
import { sharedKey } from "../src/store/secrets.ts";

const execute = promisify(execFile);

/** Starts at once, each in a process of its own. */
const PROCESSES = 4;
/** Processes start slowly on a busy machine. Milliseconds. */
const TIMEOUT = 240_000;

/** @param freshLocation an empty database, which several processes can open at once */
export function keepsState(freshLocation: () => Promise<StateLocation>): void {
	test("the first password stays, whatever its bytes, and survives the process that stored it", async () => {
		// PostgreSQL's text can't contain NUL; neither can an instance's id.
		const id = fc.string({ minLength: 1 }).filter((text) => !text.includes("\0"));
		const passwords = fc.dictionary(id, fc.uint8Array({ minLength: 1, maxLength: 1020 }));
		const location = await freshLocation();
		await fc.assert(
			fc.asyncProperty(passwords, async (wanted) => {
				const state = await openDatabase(location);
				const store = createPasswordStore(state);
				for (const [id, password] of Object.entries(wanted)) {
					expect(await store.get(id)).toBeUndefined();
					expect(await store.setOnce(id, password)).toBe(true);
					expect(await store.setOnce(id, Buffer.from("another"))).toBe(false);
				}
				await state.close();
				const reopened = await openDatabase(location);
				for (const [id, password] of Object.entries(wanted)) {
					expect(Buffer.from((await createPasswordStore(reopened).get(id)) ?? [])).toEqual(Buffer.from(password));
				}
				await reopened.write((database) => database.deleteFrom("passwords").execute());
				await reopened.close();
			}),
			{ numRuns: 5 },
		);
	});

	test("a password belongs to one launch, and can be cleared", async () => {
		const state = await openDatabase(await freshLocation());
		let now = Date.parse("2026-01-01T10:00:00Z");
		const store = createPasswordStore(state, () => now);
		const launched = new Date(now - 30_000);
		expect(await store.setOnce("i", Buffer.from("first"), launched)).toBe(true);
		expect(await store.setOnce("i", Buffer.from("second"), launched)).toBe(false);
		// Nova writes the time of a launch down when the guest may be up already.
		expect(Buffer.from((await store.get("i", new Date(now + 5_000))) ?? []).toString()).toBe("first");
		// A guest that is rebuilt right after it posted its password is another one.
		for (const after of [20_000, 3_600_000]) expect(await store.get("i", new Date(now + after))).toBeUndefined();
		const again = new Date(now + 3_600_000);
		expect(await store.last("i", launched)).toMatchObject({ posted: new Date(now), launchedSince: false });
		expect(await store.last("i", again)).toMatchObject({ posted: new Date(now), launchedSince: true });
		now = again.getTime() + 40_000;
		expect(await store.setOnce("i", Buffer.from("second"), again)).toBe(true);
		expect(await store.setOnce("i", Buffer.from("third"), again)).toBe(false);
		expect(Buffer.from((await store.get("i", again)) ?? []).toString()).toBe("second");
		expect([await store.clear("i"), await store.clear("i")]).toEqual([true, false]);
		expect(await store.last("i", again)).toBeUndefined();
		await state.close();
	});

	test("nodes say that they run, and are forgotten an hour after the last time", async () => {
		const state = await openDatabase(await freshLocation());
		let now = Date.parse("2026-01-01T10:00:00Z");
		const nodes = createNodeStore(state, () => now);
		const started = now;
		await nodes.seen("b");
		await nodes.seen("a");
		now += 10_000;
		await nodes.seen("a");
		expect([...(await nodes.list())]).toEqual([
			["a", now],
			["b", started],
		]);
		now = started + 3_600_001;
		expect([...(await nodes.list())]).toEqual([["a", started + 10_000]]);
		await nodes.seen("a");
		const stored = await state.read((database) => database.selectFrom("nodes").select("name").execute());
		expect(stored).toEqual([{ name: "a" }]);
		await state.close();
	});

	test("exactly one of two processes that set a password at the same time succeeds", async () => {
		const location = await freshLocation();
		const states = await Promise.all([openDatabase(location), openDatabase(location)]);
		const [one, other] = states.map((state) => createPasswordStore(state)) as [PasswordStore, PasswordStore];
		const set = await Promise.all([one.setOnce("i", Buffer.from("a")), other.setOnce("i", Buffer.from("b"))]);
		expect(set.toSorted()).toEqual([false, true]);
		expect(await other.get("i")).toEqual(await one.get("i"));
		await Promise.all(states.map(({ close }) => close()));
	});

	test(
		"processes that start at the same time migrate an empty database once and agree on the key",
		async () => {
			const location = await freshLocation();
			const script = new URL("print-shared-key.ts", import.meta.url).pathname;
			const print = () => execute(process.execPath, [script, JSON.stringify(location)]);
			const printed = await Promise.all(Array.from({ length: PROCESSES }, print));
			const keys = printed.map(({ stdout }) => stdout.trim());
			expect(keys[0]).toMatch(/^[0-9a-f]{64}$/);
			expect(new Set(keys).size).toBe(1);
			const state = await openDatabase(location);
			expect(Buffer.from(await sharedKey(state, "random_seed")).toString("hex")).toBe(keys[0]);
			await state.close();
		},
		TIMEOUT,
	);

	test("a database made before there were migrations keeps its passwords", async () => {
		const location = await freshLocation();
		const before = await openDatabase(location);
		await createPasswordStore(before).setOnce("i", Buffer.from("kept"));
		await before.write(async (database) => {
			for (const { name } of await database.introspection.getTables({ withInternalKyselyTables: true })) {
				if (name !== "passwords") await database.schema.dropTable(name).execute();
			}
			await database.schema.alterTable("passwords").dropColumn("posted_at").execute();
		});
		await before.close();
		const after = await openDatabase(location);
		const passwords = createPasswordStore(after);
		expect(Buffer.from((await passwords.get("i", new Date(0))) ?? []).toString()).toBe("kept");
		const later = new Date(Date.now() + 3_600_000);
		expect(await passwords.get("i", later)).toBeUndefined();
		expect(await passwords.setOnce("i", Buffer.from("new"), later)).toBe(true);
		await after.close();
	});
}
