import { expect, it } from "vitest";
import { inTurns } from "./in-turns.ts";

it("takes from each group in turn, and keeps the order within it", () => {
	const items = ["a1", "a2", "a3", "b1", "c1", "a4", "c2"];
	expect(inTurns(items, ([group = ""]) => group)).toEqual(["a1", "b1", "c1", "a2", "c2", "a3", "a4"]);
});
