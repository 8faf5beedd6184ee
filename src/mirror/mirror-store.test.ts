import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { storesMirror } from "../../test/mirror-store-contract.ts";
import { openDatabase } from "../store/database.ts";
import { openMirrorStore } from "./open-mirror-store.ts";

const folder = mkdtempSync(join(tmpdir(), "guestwire-mirror-"));
afterAll(() => rmSync(folder, { recursive: true }));

let files = 0;
const fresh = () => join(folder, `${++files}.db`);

storesMirror(async () => ({ sqlite: fresh() }));

test("only the owner can read the mirror and its lock", async () => {
	const file = fresh();
	const state = await openDatabase({ sqlite: file });
	const store = await openMirrorStore(state, { sourceId: "cloud", userData: true });
	const lock = await store.lead(new AbortController().signal);
	for (const name of [file, `${file}-mirror.lock`]) expect(statSync(name).mode & 0o777, name).toBe(0o600);
	await lock.release();
	await state.close();
});
