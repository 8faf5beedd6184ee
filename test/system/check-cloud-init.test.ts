import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { check } from "../../src/check/check.ts";
import type { Finding, Outcome } from "../../src/check/finding.ts";
import { CASES, type Case } from "../check/cases.ts";
import { hasJudge, isSince, type Judged, judge } from "../check/cloud-init.ts";
import { CLAIMS } from "../check/cloud-init-claims.ts";
import { mutated } from "../check/mutated.ts";

/** Whether a finding is about a network's own services, which cloud-init reads since 24.3. */
const isSince24_3 = ({ rule, at }: { rule: string; at: string }) =>
	rule.startsWith("network-service") || (rule === "service-address-invalid" && at.startsWith("/networks/"));

/** What the rule claims of cloud-init in the case's document; undefined when it claims nothing there. */
function claimOf({ rule, at, bad }: Case): Outcome | undefined {
	const finding = check(bad, { clients: ["cloud-init"] }).find((one) => one.rule === rule && one.pointer === at);
	return finding?.effects[0]?.outcome;
}

const saysRefused = ({ effects }: Finding) =>
	effects.some(({ text }) => text.startsWith("netplan refuses the whole file: no NIC comes up"));

describe.skipIf(!hasJudge())("cloud-init (apt-get install cloud-init netplan.io)", () => {
	const claimed = CASES.filter((one) => claimOf(one) !== undefined);
	const random = fc.sample(mutated(), { seed: 20, numRuns: 300 });
	const { version, results } = judge([...claimed.flatMap(({ bad, good }) => [bad, good]), ...random]);
	const newEnough = (one: { rule: string; at: string }) => isSince(version, "24.3") || !isSince24_3(one);
	const verdicts = claimed
		.map((one, index) => ({ ...one, judged: results[2 * index] as Judged, beside: results[2 * index + 1] as Judged }))
		.filter(newEnough);

	it.each(verdicts.filter((one) => claimOf(one) === "crash"))("stops as $rule says, at $at", ({ judged, beside }) => {
		expect(judged.error).toBeDefined();
		expect(beside.error).toBeUndefined();
	});

	it.each(verdicts.filter((one) => claimOf(one) !== "crash"))("does what $rule says, at $at", (verdict) => {
		expect(verdict.judged.error).toBeUndefined();
		const claim = CLAIMS[verdict.rule];
		if (!claim) throw new Error(`nobody looks at what cloud-init does here: add ${verdict.rule} to CLAIMS`);
		claim(verdict.judged, verdict.beside);
	});

	it("stops at changed documents where the check says so, and nowhere else", () => {
		const judged = results.slice(2 * claimed.length);
		for (const [index, { error, refused }] of judged.entries()) {
			const findings = check(random[index], { clients: ["cloud-init"] });
			const told = findings.filter(({ rule, pointer }) => newEnough({ rule, at: pointer }));
			const outcomes = told.flatMap(({ effects }) => effects.map(({ outcome }) => outcome));
			const seen = JSON.stringify({ document: random[index], error, refused, told: told.map(({ rule }) => rule) });
			if (error === undefined) expect(outcomes, seen).not.toContain("crash");
			else expect(outcomes.includes("crash") || outcomes.includes("lost"), seen).toBe(true);
			if (error === undefined && told.some(saysRefused)) expect(refused, seen).toBe(true);
			if (refused) expect(outcomes.includes("lost") || outcomes.includes("wrong"), seen).toBe(true);
		}
		expect(judged.filter(({ error }) => error !== undefined).length).toBeGreaterThan(50);
		expect(judged.filter(({ refused }) => refused).length).toBeGreaterThan(5);
	});
});
