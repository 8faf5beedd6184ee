import { beforeAll, describe, expect, it } from "vitest";
import { check } from "../../src/check/check.ts";
import { CASES } from "../check/cases.ts";
import { JUDGES, type Judged } from "../check/cloud-init.ts";

const documents = CASES.flatMap(({ bad, good }) => [bad, good]);

/** Whether the check says that the conversion stops, in this version with netplan. */
function claimsCrash(document: unknown, version: string): boolean {
	const findings = check(document, { clients: [`cloud-init@${version}:netplan`] });
	return findings.some(({ effects }) => effects.some(({ outcome }) => outcome === "crash"));
}

describe.for(JUDGES)("cloud-init $version (test/system/install.sh)", ({ version, isHere, judge }) => {
	let results: readonly Judged[];
	beforeAll(() => {
		if (isHere) results = judge(documents);
	}, 600_000);

	it.skipIf(!isHere)("stops at the documents where the check says so, and at no other", () => {
		const differing = documents.filter((document, index) => {
			const judged = results[index];
			return claimsCrash(document, version) !== ((judged?.error ?? judged?.renderers?.netplan.error) !== undefined);
		});
		expect(differing).toEqual([]);
	});
});
