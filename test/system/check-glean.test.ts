/** The walk, for glean: every claim that it stops, compared with what it did, cell by cell. */
import { describe, expect, it } from "vitest";
import { readMeanings } from "../check/aspects.ts";
import { compareMeanings } from "../check/compare-meaning.ts";
import { digestOf, findingsIn, readRecord, STEPS } from "../check/fates.ts";
import { DISTRIBUTIONS, gleanFate, gleanMeaning, hasGlean, judgeGlean } from "../check/glean.ts";
import { GLEAN_EXCEPTIONS, GLEAN_HIDDEN_EFFECTS, VISIBLE_IN_GLEAN } from "../check/glean-claims.ts";

const record = readRecord().get("glean") ?? new Map<string, string>();
const meanings = readMeanings().get("glean") ?? new Map<string, readonly string[]>();

describe("glean, as recorded", () => {
	it("stops where the check says so, in every cell of the walk", { tags: ["slow"], timeout: 300_000 }, () => {
		const differences = STEPS.flatMap((step) => {
			const { title } = step;
			const fate = record.get(digestOf(step));
			if (!fate) return [`${title}: not recorded (node test/check/record-walk.ts)`];
			const effects = findingsIn(step, "glean").flatMap((finding) => finding.effects);
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

/** How many cells have files to compare. In the others glean stops, or Guestwire's own reader refuses the document. */
const CELLS = { compared: 10812, crash: 9009, refused: 0, unplanned: 5649 };

describe("the files of glean, as recorded", () => {
	it("differ from the document only where the check says so", { tags: ["slow"], timeout: 300_000 }, () => {
		const { summary, cells, ...lists } = compareMeanings({
			client: "glean",
			renderers: DISTRIBUTIONS,
			meanings,
			visible: VISIBLE_IN_GLEAN,
			exceptions: GLEAN_EXCEPTIONS,
			hiddenEffects: GLEAN_HIDDEN_EFFECTS,
		});
		console.log(summary);
		expect(lists).toEqual({ unexplained: [], unproved: [], unused: [] });
		expect(cells).toEqual(CELLS);
	});
});

describe.skipIf(!hasGlean)("glean (in PYTHONPATH)", () => {
	it("does what is recorded", { tags: ["slow"], timeout: 300_000 }, () => {
		const judged = judgeGlean(STEPS);
		expect(judged.map(gleanFate)).toEqual(STEPS.map((step) => record.get(digestOf(step))));
		const texts = judged.map((written, index) => gleanMeaning(STEPS[index]?.document, written));
		expect(texts).toEqual(STEPS.map((step) => meanings.get(digestOf(step))?.join("|")));
	});
});
