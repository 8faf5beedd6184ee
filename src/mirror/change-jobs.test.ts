import { expect, test } from "vitest";
import type { ResourceName } from "../source/resource.ts";
import { createChangeJobs } from "./change-jobs.ts";
import { createDoubts } from "./doubts.ts";
import { noEvents } from "./mirror-events.ts";

const SERVER: ResourceName = { kind: "server", id: "vm" };

/** Jobs whose readings end when they are told to. */
function start() {
	let now = 0;
	const readings: PromiseWithResolvers<void>[] = [];
	const jobs = createChangeJobs({
		async handle() {
			const reading = Promise.withResolvers<void>();
			readings.push(reading);
			await reading.promise;
		},
		retries: { failed: async () => {}, succeeded() {} },
		clock: { now: () => now, sleep: async () => {} },
		signal: new AbortController().signal,
		doubts: createDoubts(),
		events: noEvents,
	});
	return {
		jobs,
		readings,
		report(at: number) {
			now = at;
			jobs.add(SERVER, { signal: "bus" });
		},
		async end(index: number) {
			readings[index]?.resolve();
			await new Promise(setImmediate);
		},
	};
}

test("a change that is reported while the resource is read is read at once, and not after what depends on it", () => {
	const { readings, report } = start();
	report(1);
	report(2);
	expect(readings.length).toBe(2);
});

test("further reports share one reading, which starts when another ends", async () => {
	const { readings, report, end } = start();
	for (const at of [1, 2, 3, 4, 5]) report(at);
	expect(readings.length).toBe(2);
	await end(1);
	expect(readings.length).toBe(3);
	await end(0);
	expect(readings.length).toBe(3);
});

test("the oldest change that is not read yet is the first one of those that still wait or are read", async () => {
	const { jobs, report, end } = start();
	for (const at of [1, 2, 3, 4]) report(at);
	expect(jobs.oldest()).toBe(1);
	await end(0);
	expect(jobs.oldest()).toBe(2);
	await end(1);
	expect(jobs.oldest()).toBe(3);
	expect(jobs.has(SERVER)).toBe(true);
	await end(2);
	expect(jobs.oldest()).toBeUndefined();
	expect(jobs.has(SERVER)).toBe(false);
});
