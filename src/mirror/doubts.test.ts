import { expect, test } from "vitest";
import { createDoubts } from "./doubts.ts";

test("what is read after the clock was put back ends a doubt, and an answer from before the doubt does not", () => {
	let now = 5000;
	const doubts = createDoubts(() => now);
	const lan = { kind: "network", id: "lan" } as const;
	doubts.add(lan);
	doubts.clear({ ...lan, requestedAt: 4000 });
	expect(doubts.names()).toEqual([lan]);
	now = 2000;
	doubts.clear({ ...lan, requestedAt: 1900 });
	expect(doubts.names()).toEqual([]);
});
