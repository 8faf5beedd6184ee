/** The walk, for cloudbase-init: every claim that its network plugin fails, compared with what it did, cell by cell. */
import { describe, expect, it } from "vitest";
import { readMeanings } from "../check/aspects.ts";
import {
	cloudbaseInitFate,
	cloudbaseInitMeaning,
	hasCloudbaseInit,
	judgeCloudbaseInit,
} from "../check/cloudbase-init.ts";
import {
	CLOUDBASE_INIT_EXCEPTIONS,
	CLOUDBASE_INIT_HIDDEN_EFFECTS,
	VISIBLE_IN_CLOUDBASE_INIT,
} from "../check/cloudbase-init-claims.ts";
import { compareMeanings } from "../check/compare-meaning.ts";
import { digestOf, findingsIn, readRecord, STEPS } from "../check/fates.ts";

const record = readRecord().get("cloudbase-init") ?? new Map<string, string>();
const meanings = readMeanings().get("cloudbase-init") ?? new Map<string, readonly string[]>();

describe("cloudbase-init, as recorded", () => {
	it("fails where the check says so, in every cell of the walk", { tags: ["slow"], timeout: 300_000 }, () => {
		const counts: Record<string, number> = {};
		const differences = STEPS.flatMap((step) => {
			const { title } = step;
			const fate = record.get(digestOf(step));
			if (!fate) return [`${title}: not recorded (node test/check/record-walk.ts)`];
			counts[fate] = (counts[fate] ?? 0) + 1;
			const effects = findingsIn(step, "cloudbase-init").flatMap((finding) => finding.effects);
			const isClaimed = effects.some(({ outcome }) => outcome === "crash");
			return isClaimed === (fate !== "-") ? [] : [`${title}: ${isClaimed ? "false alarm" : "missed"}`];
		});
		console.log(
			`cloudbase-init: ${STEPS.length} cells (${counts["c"]} exceptions, ${counts["w"]} refusals by Windows), ` +
				`${differences.length} differences`,
		);
		expect(differences).toEqual([]);
	});
});

/** How many cells have adapters to compare. In the others the plugin fails, or Guestwire's own reader refuses the document. */
const CELLS = { compared: 1501, crash: 1273, refused: 666, unplanned: 805 };

describe("the adapters that cloudbase-init sets up, as recorded", () => {
	it("differ from the document only where the check says so", { tags: ["slow"], timeout: 300_000 }, () => {
		const { summary, cells, ...lists } = compareMeanings({
			client: "cloudbase-init",
			renderers: [""],
			meanings,
			visible: VISIBLE_IN_CLOUDBASE_INIT,
			exceptions: CLOUDBASE_INIT_EXCEPTIONS,
			hiddenEffects: CLOUDBASE_INIT_HIDDEN_EFFECTS,
		});
		console.log(summary);
		expect(lists).toEqual({ unexplained: [], unproved: [], unused: [] });
		expect(cells).toEqual(CELLS);
	});
});

describe.skipIf(!hasCloudbaseInit)("cloudbase-init (in PYTHONPATH)", () => {
	it("does what is recorded", { tags: ["slow"], timeout: 300_000 }, () => {
		const judged = judgeCloudbaseInit(STEPS);
		expect(judged.map(cloudbaseInitFate)).toEqual(STEPS.map((step) => record.get(digestOf(step))));
		const texts = judged.map((ended, index) => cloudbaseInitMeaning(STEPS[index]?.document, ended));
		expect(texts).toEqual(STEPS.map((step) => meanings.get(digestOf(step))?.join("|")));
	});
});
