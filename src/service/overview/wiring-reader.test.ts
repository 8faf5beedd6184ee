import { expect, it } from "vitest";
import { GuestwireError } from "../../errors.ts";
import { createWiringReader, type WiringReader } from "./wiring-reader.ts";

it("reads an instance that stays unreadable again ever more rarely, and never gives it up", async () => {
	const rounds = 160;
	const retriedIn: number[] = [];
	const due: string[] = [];
	const { promise: isOver, resolve } = Promise.withResolvers<void>();
	let round = 0;
	const read: WiringReader = createWiringReader({
		source: {
			instance: () => Promise.reject(new GuestwireError("cloud-answer", "port p is on network n, which is missing")),
		},
		...{ isLocal: true, known: () => undefined, onError: () => {}, signal: new AbortController().signal },
		async wait() {
			for (const id of due.splice(0)) await read(id);
			if (round++ < rounds) return;
			resolve();
			throw new Error("closed");
		},
		onRetry(ids) {
			retriedIn.push(round);
			due.push(...ids);
		},
	});
	await read("odd");
	await isOver;
	expect(retriedIn.slice(0, 3)).toEqual([1, 2, 4]);
	expect(retriedIn.length).toBeLessThan(rounds / 10);
	expect(retriedIn.at(-1)).toBeGreaterThan(rounds - 20);
});
