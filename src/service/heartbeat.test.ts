import { expect, it } from "vitest";
import { startHeartbeat } from "./heartbeat.ts";

it("goes on while the state can't be written, until it is ended", async () => {
	let beats = 0;
	const seen = async () => {
		beats++;
		throw new Error("database is locked");
	};
	const end = startHeartbeat({ seen }, "node", 1);
	await expect.poll(() => beats).toBeGreaterThan(3);
	await end();
	const before = beats;
	await new Promise((resolve) => setTimeout(resolve, 20));
	expect(beats).toBe(before);
});
