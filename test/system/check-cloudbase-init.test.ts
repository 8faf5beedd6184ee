/** The walk, for cloudbase-init: every claim that its network plugin fails, compared with what it did, cell by cell. */
import { describe, expect, it } from "vitest";
import { check } from "../../src/check/index.ts";
import { cloudbaseInitFates, hasCloudbaseInit } from "../check/cloudbase-init.ts";
import { digestOf, readRecord, STEPS } from "../check/fates.ts";

const record = readRecord().get("cloudbase-init") ?? new Map<string, string>();

describe("cloudbase-init, as recorded", () => {
	it("fails where the check says so, in every cell of the walk", { tags: ["slow"], timeout: 300_000 }, () => {
		const counts: Record<string, number> = {};
		const differences = STEPS.flatMap(({ title, document }) => {
			const fate = record.get(digestOf(document));
			if (!fate) return [`${title}: not recorded (node test/check/record-walk.ts)`];
			counts[fate] = (counts[fate] ?? 0) + 1;
			const effects = check(document, { clients: ["cloudbase-init"] }).flatMap((finding) => finding.effects);
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

describe.skipIf(!hasCloudbaseInit)("cloudbase-init (in PYTHONPATH)", () => {
	it("does what is recorded", { tags: ["slow"], timeout: 300_000 }, () => {
		const fates = cloudbaseInitFates(STEPS.map(({ document }) => document));
		expect(fates).toEqual(STEPS.map(({ document }) => record.get(digestOf(document))));
	});
});
