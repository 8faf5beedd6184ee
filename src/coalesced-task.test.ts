import { expect, it } from "vitest";
import { createCoalescedTask } from "./coalesced-task.ts";

function set() {
	const runs: (() => void)[] = [];
	const task = createCoalescedTask(() => new Promise<void>((resolve) => runs.push(resolve)));
	return { runs, task };
}

it("runs once more for all who want it while it runs, and they wait for that run", async () => {
	const { runs, task } = set();
	const first = task.run();
	let isDone = false;
	const later = Promise.all([task.run(), task.run()]).then(() => {
		isDone = true;
	});
	expect(runs).toHaveLength(1);
	runs[0]?.();
	await new Promise(setImmediate);
	expect([runs.length, isDone]).toEqual([2, false]);
	runs[1]?.();
	await Promise.all([first, later]);
	expect(runs).toHaveLength(2);
	void task.run();
	expect(runs).toHaveLength(3);
});

it("does not start again after it was closed, which waits for the last run", async () => {
	const { runs, task } = set();
	void task.run();
	void task.run();
	let isClosed = false;
	const closed = task.close().then(() => {
		isClosed = true;
	});
	await new Promise(setImmediate);
	expect(isClosed).toBe(false);
	runs[0]?.();
	await closed;
	await task.run();
	expect(runs).toHaveLength(1);
});
