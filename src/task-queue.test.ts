import { expect, it } from "vitest";
import { createTaskQueue } from "./task-queue.ts";

it("runs tasks one at a time in their order, whatever becomes of each", async () => {
	const queue = createTaskQueue();
	const events: string[] = [];
	const task = (name: string, end: () => Promise<void>) =>
		queue.run(async () => {
			events.push(`${name} starts`);
			await end().finally(() => events.push(`${name} ends`));
		});
	const first = Promise.withResolvers<void>();
	const results = Promise.allSettled([
		task("a", () => first.promise),
		task("b", () => Promise.reject(new Error("failed"))),
		task("c", async () => {}),
	]);
	await new Promise(setImmediate);
	first.resolve();
	await queue.ended();
	expect(events).toEqual(["a starts", "a ends", "b starts", "b ends", "c starts", "c ends"]);
	expect((await results).map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
});
