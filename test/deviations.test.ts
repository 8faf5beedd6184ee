import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { DEVIATION_IDS } from "./deviations.ts";

it("every deviation that the tests allow has its reason in docs/deviations.md", () => {
	const docs = readFileSync(new URL("../docs/deviations.md", import.meta.url), "utf8");
	const documents = docs.slice(docs.indexOf("## Documents"), docs.indexOf("## HTTP"));
	const headings = Array.from(documents.matchAll(/^### (.+)$/gm), ([, id]) => id);
	expect(headings.toSorted()).toEqual([...DEVIATION_IDS].toSorted());
});
