import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as later } from "node:timers/promises";
import { expect, onTestFinished, test } from "vitest";
import { watchInventory } from "./watch.ts";

/** Milliseconds that reading the inventory takes. */
const LOOK = 150;
/** Milliseconds between two changes of a file: longer than the files have to be quiet. */
const EVERY = 130;
const DURATION = 5000;

test("a file that is rewritten all the time is read again and again, and not all the time", {
	tags: ["slow"],
}, async () => {
	const folder = mkdtempSync(join(tmpdir(), "guestwire-watch-"));
	onTestFinished(() => rmSync(folder, { recursive: true }));
	let looks = 0;
	const watching = watchInventory(async () => {
		looks++;
		await later(LOOK);
		return { folders: [{ path: folder, inode: statSync(folder).ino }], again: undefined };
	});
	const started = performance.now();
	while (performance.now() - started < DURATION) {
		writeFileSync(join(folder, "guests.yaml"), "servers: []");
		await later(EVERY);
	}
	const share = (looks * LOOK) / (performance.now() - started);
	await watching.close();
	expect(looks).toBeGreaterThanOrEqual(3);
	expect(share).toBeLessThan(0.25);
});
