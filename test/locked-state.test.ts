/** Another process holds the SQLite file in a write transaction for 3 s while guests ask. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { setTimeout } from "node:timers/promises";
import { afterEach, beforeEach, expect, test } from "vitest";
import { openDatabase, type StateDatabase } from "../src/store/database.ts";
import { createPasswordStore } from "../src/store/password-store.ts";
import { lockFile } from "./lock-file.ts";
import { recordedInstance, SECRET, signedHeaders, startTestService, type TestService } from "./metadata-service.ts";

/** How long the lock is held, in milliseconds. */
const LOCKED = 3000;
const DOCUMENTS = ["network_data.json", "meta_data.json", "user_data"].map((name) => `/openstack/latest/${name}`);

let folder: string;
let state: StateDatabase;
let service: TestService;

beforeEach(async () => {
	folder = mkdtempSync(join(tmpdir(), "guestwire-locked-"));
	state = await openDatabase({ sqlite: join(folder, "state.db") });
	const listener = { listen: "127.0.0.1:0", identity: { mode: "signed", secret: SECRET } } as const;
	service = await startTestService([listener], { passwords: createPasswordStore(state) });
});

afterEach(async () => {
	await service.close();
	await state.close();
	rmSync(folder, { recursive: true });
});

test("documents are answered meanwhile; only the password waits", async () => {
	const headers = signedHeaders(recordedInstance("a-dhcp4"));
	const ask = async (request: { method?: string; path: string; body?: string }) => {
		const started = performance.now();
		const { status } = await service.ask({ ...request, headers });
		return { status, milliseconds: performance.now() - started };
	};
	for (const path of DOCUMENTS) await ask({ path });
	const delay = monitorEventLoopDelay({ resolution: 5 });
	const lock = await lockFile(join(folder, "state.db"));
	delay.enable();
	const released = setTimeout(LOCKED).then(() => lock.release());
	let isLocked = true;
	const password = ask({ method: "POST", path: "/openstack/latest/password", body: "secret" }).finally(() => {
		isLocked = false;
	});
	const times: number[] = [];
	while (isLocked) {
		for (const path of DOCUMENTS) times.push((await ask({ path })).milliseconds);
		expect((await ask({ path: "/openstack/latest/password" })).status).toBe(200);
	}
	await released;
	delay.disable();
	const sorted = times.toSorted((a, b) => a - b);
	const at = (share: number) => sorted[Math.floor((sorted.length - 1) * share)] ?? Number.NaN;
	const { status, milliseconds } = await password;
	const show = (value: number) => `${value.toFixed(1)} ms`;
	console.log(
		`${sorted.length} documents while the file was locked: median ${show(at(0.5))}, p99 ${show(at(0.99))}, longest ` +
			`${show(at(1))}; event loop delayed by at most ${show(delay.max / 1e6)}; password ${show(milliseconds)}`,
	);
	expect(status).toBe(200);
	expect(milliseconds).toBeGreaterThan(LOCKED - 500);
	expect(at(0.5)).toBeLessThan(50);
	// A busy machine delays single requests; a blocked event loop would delay all of them, by a second and more.
	expect(at(0.9)).toBeLessThan(500);
});
