import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { createOverviewEvents, type OverviewEvent } from "./overview-events.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

it("names guests that change at the same time in one event, and says so if they are too many", () => {
	let prepared = 0;
	const events = createOverviewEvents(() => void prepared++);
	const seen: OverviewEvent[] = [];
	const stop = events.listen((event) => seen.push(event));
	for (const ids of [["a", "b"], ["b"], ["c"]]) events.guests(ids);
	expect(seen).toEqual([]);
	vi.advanceTimersByTime(1000);
	expect([seen.splice(0), prepared]).toEqual([[{ type: "guests", ids: ["a", "b", "c"] }], 1]);
	events.refusals();
	events.guests(["a"]);
	events.guests(Array.from({ length: 1000 }, (_, n) => `guest-${n}`));
	events.guests(undefined);
	vi.advanceTimersByTime(1000);
	expect(seen.splice(0)).toEqual([{ type: "refusals" }, { type: "all" }, { type: "all" }]);
	events.guests(["a"]);
	expect(events.isWatched).toBe(true);
	stop();
	vi.advanceTimersByTime(1000);
	expect([seen, events.isWatched]).toEqual([[], false]);
	events.close();
});
