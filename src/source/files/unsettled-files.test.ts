import { expect, test } from "vitest";
import type { ReadFile } from "./folder.ts";
import { parseInventoryFile } from "./parse.ts";
import { findUnsettled, type UnsettledFile } from "./unsettled-files.ts";

/** A look at a file that had the servers a, b and c when it was last believed. */
function unsettledFile() {
	const files = (stamp: string, ids: readonly string[]) => {
		const text = JSON.stringify({ servers: ids.map((id) => ({ id })) });
		const read: ReadFile = { stamp, created: "same", file: parseInventoryFile(text, "a.json") };
		return new Map([["a.json", read]]);
	};
	const used = files("", ["a", "b", "c"]);
	let known: ReadonlyMap<string, UnsettledFile> = new Map();
	/** True if the file, written just before with these servers, is unsettled. */
	return (now: number, ...ids: readonly string[]) => {
		known = findUnsettled(used, files(String(now), ids), known, now);
		return known.has("a.json");
	};
}

test.each([
	["has lost some of its resources", ["a", "b"], 5000],
	["is empty", [], 5000],
	["also has new resources", ["a", "new"], 1000],
])("a file that %s (%j) is believed although it is rewritten all the time", (_, ids, quiet) => {
	const isUnsettled = unsettledFile();
	for (let now = 0; now < quiet; now += 100) expect(isUnsettled(now, ...ids)).toBe(true);
	expect(isUnsettled(quiet, ...ids)).toBe(false);
});

test("a file that is repeatedly emptied and filled is used after 30 s, but not while it is empty", () => {
	const isUnsettled = unsettledFile();
	for (let now = 0; now < 30_000; now += 3000) {
		expect(isUnsettled(now)).toBe(true);
		expect(isUnsettled(now + 500, "a")).toBe(true);
		expect(isUnsettled(now + 1000, "a", "b")).toBe(true);
	}
	expect(isUnsettled(30_000)).toBe(true);
	expect(isUnsettled(30_500, "a", "b")).toBe(false);
});

test("a file that is complete in between is unsettled again for as long as the first time", () => {
	const isUnsettled = unsettledFile();
	expect(isUnsettled(0, "a", "b")).toBe(true);
	expect(isUnsettled(4000, "a", "b", "c")).toBe(false);
	expect(isUnsettled(5000, "a", "b")).toBe(true);
	expect(isUnsettled(9900, "a", "b")).toBe(true);
	expect(isUnsettled(10_000, "a", "b")).toBe(false);
});
