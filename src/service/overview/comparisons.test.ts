import { expect, it } from "vitest";
import { GuestwireError } from "../../errors.ts";
import { createComparisons } from "./comparisons.ts";

it("a guest that has sent a request is compared before the others", async () => {
	const compared: string[] = [];
	const { promise, resolve } = Promise.withResolvers<void>();
	const comparisons = createComparisons({
		async compare(id) {
			compared.push(id);
			if (id === "first") comparisons.add("asked");
			if (id === "asked") resolve();
		},
		isWatched: () => true,
		onError: () => {},
	});
	comparisons.addLater("first");
	comparisons.addLater("asked");
	for (let n = 0; n < 1000; n++) comparisons.addLater(`guest-${n}`);
	comparisons.addLater("asked");
	await promise;
	await comparisons.close();
	expect(compared).toEqual(["first", "asked"]);
});

it("a waiting guest that is on an open page is compared first, with the time of the first change", async () => {
	const compared: [string, number | undefined][] = [];
	const { promise, resolve } = Promise.withResolvers<void>();
	const comparisons = createComparisons({
		async compare(id, since) {
			compared.push([id, since]);
			if (id === "last") resolve();
		},
		isWatched: () => true,
		onError: () => {},
	});
	comparisons.addLater("first", 5);
	comparisons.addLater("taken", 6);
	comparisons.addLater("shown", 7);
	comparisons.addLater("last");
	comparisons.add("shown");
	comparisons.addLater("first", 8);
	comparisons.prefer("nothing to compare");
	expect(comparisons.take("taken")).toBe(6);
	await promise;
	await comparisons.close();
	expect(compared).toEqual([
		["shown", 7],
		["first", 5],
		["last", undefined],
	]);
});

it("a guest whose comparison failed is compared again, with the time of its change", async () => {
	const compared: [string, number | undefined][] = [];
	const { promise, resolve } = Promise.withResolvers<void>();
	const comparisons = createComparisons({
		async compare(id, since) {
			compared.push([id, since]);
			if (compared.length === 2) resolve();
			else throw new GuestwireError("state", "the state is locked");
		},
		isWatched: () => true,
		onError: () => {},
	});
	comparisons.add("changed", 5);
	await promise;
	await comparisons.close();
	expect(compared).toEqual([
		["changed", 5],
		["changed", 5],
	]);
});

it("a guest whose instance has no documents is compared again only when something changes", async () => {
	const compared: string[] = [];
	const { promise, resolve } = Promise.withResolvers<void>();
	const comparisons = createComparisons({
		async compare(id) {
			compared.push(id);
			if (id === "large") throw new GuestwireError("limit", "instance large has 501 ports");
			if (compared.length === 4) resolve();
			else throw new GuestwireError("state", "the state is locked");
		},
		isWatched: () => true,
		onError: () => {},
	});
	comparisons.addLater("large");
	comparisons.addLater("other");
	await promise;
	await comparisons.close();
	expect(compared.filter((id) => id === "large")).toHaveLength(1);
});
