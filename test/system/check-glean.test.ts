/** The walk, for glean: every claim that it stops, compared with what it did, cell by cell. */
import { describe, expect, it } from "vitest";
import { check } from "../../src/check/index.ts";
import { digestOf, readRecord, STEPS } from "../check/fates.ts";
import { DISTRIBUTIONS, gleanFates, hasGlean } from "../check/glean.ts";

const record = readRecord().get("glean") ?? new Map<string, string>();

describe("glean, as recorded", () => {
	it("stops where the check says so, in every cell of the walk", { tags: ["slow"], timeout: 300_000 }, () => {
		const differences = STEPS.flatMap(({ title, document }) => {
			const fate = record.get(digestOf(document));
			if (!fate) return [`${title}: not recorded (node test/check/record-walk.ts)`];
			const effects = check(document, { clients: ["glean"] }).flatMap((finding) => finding.effects);
			const crashes = effects.filter(({ outcome }) => outcome === "crash");
			return DISTRIBUTIONS.flatMap((name, index) => {
				const isClaimed = crashes.some(
					({ scopes }) => !scopes || scopes.some(({ renderers }) => renderers?.includes(name) ?? true),
				);
				if (isClaimed === (fate[index] === "c")) return [];
				return [`${name}: ${title}: ${isClaimed ? "false alarm" : "missed"}`];
			});
		});
		console.log(`glean: ${STEPS.length * DISTRIBUTIONS.length} cells, ${differences.length} differences`);
		expect(differences).toEqual([]);
	});
});

describe.skipIf(!hasGlean)("glean (in PYTHONPATH)", () => {
	it("does what is recorded", { tags: ["slow"], timeout: 300_000 }, () => {
		const fates = gleanFates(STEPS.map(({ document }) => document));
		expect(fates).toEqual(STEPS.map(({ document }) => record.get(digestOf(document))));
	});
});
