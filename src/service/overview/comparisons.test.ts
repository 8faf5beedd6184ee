import { expect, it } from "vitest";
import { createComparisons } from "./comparisons.ts";

it("a guest that has asked is compared before all that can wait", async () => {
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
