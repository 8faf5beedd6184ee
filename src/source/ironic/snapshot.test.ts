import { expect, onTestFinished, test, vi } from "vitest";
import { createSnapshots } from "./snapshot.ts";

test("a snapshot is taken again once it is too old, or was taken before the clock was put back", async () => {
	vi.useFakeTimers({ toFake: ["Date"], now: 2_000_000 });
	onTestFinished(() => void vi.useRealTimers());
	const ironic = { list: async () => [], node: async () => undefined };
	const snapshots = createSnapshots(async () => ironic, undefined);
	const takenAt = async (now: number) => {
		vi.setSystemTime(now);
		return (await snapshots.recent(1000)).requestedAt;
	};
	expect(await takenAt(2_000_000)).toBe(2_000_000);
	expect(await takenAt(2_001_000)).toBe(2_000_000);
	expect(await takenAt(2_001_001)).toBe(2_001_001);
	expect(await takenAt(1_000_000)).toBe(1_000_000);
});
