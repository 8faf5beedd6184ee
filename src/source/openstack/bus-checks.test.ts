import { setImmediate } from "node:timers/promises";
import { expect, test, vi } from "vitest";
import { watchExchanges } from "./bus.ts";

test("a session that lasts leaves nothing behind with each check", async () => {
	const { promise: ended, resolve: end } = Promise.withResolvers<string>();
	const waiting = vi.spyOn(ended, "then");
	let checks = 0;
	const session = {
		place: "mq/",
		async bind() {
			checks++;
			return [];
		},
		waiting: async () => 0,
	};
	const handler = { async onMessage() {}, onComplete() {}, onIncomplete() {}, onOverflow() {} };
	// No time passes between two checks.
	const watching = watchExchanges(session, handler, ended, () => setImmediate());
	await expect.poll(() => checks).toBeGreaterThan(100);
	expect(waiting.mock.calls.length).toBeLessThan(5);
	end("the broker closed the connection");
	expect(await watching).toBe("the broker closed the connection");
});
