import { setTimeout as pause } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Api, login } from "./api.ts";
import { ask } from "./asking.ts";
import { makeSubject, NETWORK_CHANGES, removeSubject, type Subject } from "./changes.ts";
import { type Guestwire, startGuestwire } from "./guestwire.ts";
import { PROJECT } from "./plan.ts";

/** Seconds. */
const FRESHNESS = 3;

let api: Api;
let subject: Subject;
let guestwire: Guestwire;

beforeAll(async () => {
	api = await login(PROJECT);
	subject = await makeSubject(api);
	guestwire = await startGuestwire({ profile: "full", freshness: FRESHNESS });
});
afterAll(async () => {
	await guestwire.stop();
	await removeSubject(api);
});

/**
 * How many answers were old because the cloud gave no new one in time: the mirror waits for it for 1 s, and the cache in
 * front of the mirror keeps what it got.
 */
const staleAnswers = async () =>
	(await guestwire.metric("guestwire_mirror_answers_total", 'origin="stale"')) +
	(await guestwire.metric("guestwire_cache_stale_answers"));

let knownStale = 0;
let staleUntil = 0;

/** A document, and when it was asked for. While a slow cloud's old answer may still be given, it is asked for again. */
async function read(path: string): Promise<{ readonly body: string; readonly asked: number }> {
	for (;;) {
		const asked = performance.now();
		const { status, body } = await ask(guestwire.port, subject.guest, path);
		const stale = await staleAnswers();
		if (stale !== knownStale) staleUntil = performance.now() + FRESHNESS * 1000;
		knownStale = stale;
		if (status === 200 && asked >= staleUntil) return { body, asked };
		if (status !== 200) expect(status).toBe(503);
		await pause(100);
	}
}

describe.each(NETWORK_CHANGES)("$what changes", ({ path, change, sign }) => {
	it(`is in the next answer ${FRESHNESS} s later, even without requests in between`, async () => {
		expect((await read(path)).body).not.toContain(sign(11));
		await change(subject, 11);
		await pause(FRESHNESS * 1000);
		expect((await read(path)).body).toContain(sign(11));
	});

	it(`is in every answer ${FRESHNESS} s later for a guest that keeps sending requests`, async () => {
		await read(path);
		await change(subject, 12);
		const changed = performance.now();
		for (;;) {
			const { body, asked } = await read(path);
			if (body.includes(sign(12))) break;
			expect((asked - changed) / 1000).toBeLessThan(FRESHNESS);
			await pause(100);
		}
	});
});
