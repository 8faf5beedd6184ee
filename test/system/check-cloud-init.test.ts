import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { check } from "../../src/check/check.ts";
import type { Finding, Outcome } from "../../src/check/finding.ts";
import { CASES, type Case } from "../check/cases.ts";
import { hasCloudInit, hasNetplan, isSince, type Judged, judge } from "../check/cloud-init.ts";
import { CLAIMS, NETPLAN_CLAIMS } from "../check/cloud-init-claims.ts";
import { mutated } from "../check/mutated.ts";

/** What the rule claims of cloud-init in the case's document; undefined when it claims nothing there. */
function claimOf({ rule, at, bad }: Case): Outcome | undefined {
	const finding = check(bad, { clients: ["cloud-init"] }).find((one) => one.rule === rule && one.pointer === at);
	return finding?.effects[0]?.outcome;
}

/** Whether the rule is about a network's own services, which cloud-init reads since 24.3. */
function isSince24_3(rule: string, at: string): boolean {
	return rule.startsWith("network-service") || (rule === "service-address-invalid" && at.startsWith("/networks/"));
}

function saysRefused({ effects }: Finding): boolean {
	return effects.some(({ text }) => text.startsWith("netplan refuses the whole file: no NIC comes up"));
}

const claimed = CASES.map((one) => ({ ...one, outcome: claimOf(one) }))
	.filter(({ outcome }) => outcome !== undefined)
	.map((one, index) => ({ ...one, index }));
const random = fc.sample(mutated(), { seed: 20, numRuns: 200 });

describe.skipIf(!hasCloudInit)("cloud-init (test/system/install.sh)", () => {
	let version: string;
	let results: readonly Judged[];
	beforeAll(() => {
		({ version, results } = judge([...claimed.flatMap(({ bad, good }) => [bad, good]), ...random]));
	}, 300_000);

	/** What became of a case's document and of the one beside it. */
	const judgedOf = ({ index }: { index: number }) => results.slice(2 * index, 2 * index + 2) as [Judged, Judged];
	const isKnown = (rule: string, at: string) => isSince(version, "24.3") || !isSince24_3(rule, at);

	it.for(claimed.filter(({ outcome }) => outcome === "crash"))("stops as $rule says, at $at", (one, { skip }) => {
		if (!isKnown(one.rule, one.at)) skip("of newer versions");
		const [bad, good] = judgedOf(one);
		expect(bad.error).toBeDefined();
		expect(good.error).toBeUndefined();
	});

	const others = claimed.filter(({ outcome }) => outcome !== "crash");

	it("is looked at for every other claim", () => {
		const looked = [...Object.keys(CLAIMS), ...Object.keys(NETPLAN_CLAIMS)];
		expect(new Set(looked)).toEqual(new Set(others.map(({ rule }) => rule)));
	});

	it.for(others.filter(({ rule }) => CLAIMS[rule]))("does what $rule says, at $at", (one, { skip }) => {
		if (one.rule === "virtual-link-unrendered" && isSince(version, "26.1")) skip("of older versions");
		CLAIMS[one.rule]?.(...judgedOf(one));
	});

	it.skipIf(!hasNetplan).for(others.filter(({ rule }) => NETPLAN_CLAIMS[rule]))(
		"writes for netplan (test/system/install.sh) what $rule says, at $at",
		(one, { skip }) => {
			if (!isKnown(one.rule, one.at)) skip("of newer versions");
			NETPLAN_CLAIMS[one.rule]?.(...judgedOf(one));
		},
	);

	it("stops at changed documents where the check says so, and nowhere else", () => {
		const judged = results.slice(2 * claimed.length);
		for (const [index, { error, refused }] of judged.entries()) {
			const findings = check(random[index], { clients: ["cloud-init"] });
			const told = findings.filter(({ rule, pointer }) => isKnown(rule, pointer));
			const outcomes = told.flatMap(({ effects }) => effects.map(({ outcome }) => outcome));
			const seen = JSON.stringify({ document: random[index], error, refused, told: told.map(({ rule }) => rule) });
			if (error === undefined) expect(outcomes, seen).not.toContain("crash");
			else expect(outcomes.includes("crash") || outcomes.includes("lost"), seen).toBe(true);
			if (refused === false) expect(told.some(saysRefused), seen).toBe(false);
			if (refused) expect(outcomes.includes("lost") || outcomes.includes("wrong"), seen).toBe(true);
		}
		expect(judged.filter(({ error }) => error !== undefined).length).toBeGreaterThan(40);
		if (hasNetplan) expect(judged.filter(({ refused }) => refused).length).toBeGreaterThan(2);
	});
});
