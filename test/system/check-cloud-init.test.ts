/** The walk: every claim of the check about cloud-init, compared with what cloud-init does, cell by cell. */
import { describe, expect, it } from "vitest";
import type { ClientEffect } from "../../src/check/index.ts";
import { JUDGES, type Judged, RENDERERS, type RendererName } from "../check/cloud-init.ts";
import { digestOf, type Fate, fateIn, fateOf, findingsIn, readRecord, STEPS } from "../check/fates.ts";
import { surprisesIn } from "../check/network-manager.ts";
import type { Step } from "../check/step.ts";
import { UNRECORDED } from "../check/unrecorded.ts";

const record = readRecord();

/** What the check says that happens to a document with one renderer. */
function claimed(effects: readonly ClientEffect[], renderer: RendererName) {
	const here = effects.filter(
		({ scopes }) => !scopes || scopes.some(({ renderers }) => renderers?.includes(renderer) ?? true),
	);
	return {
		crashes: here.some(({ outcome }) => outcome === "crash"),
		isRefused: here.some(({ text }) => text.includes("netplan refuses the whole file")),
		isDegraded: here.some(({ text }) => text.includes("status is degraded")),
		losesNetworking: here.some(({ outcome }) => outcome === "lost"),
	};
}

/** The difference between claim and fact in one cell, in words; empty when they agree. */
function difference(claim: ReturnType<typeof claimed>, fact: ReturnType<typeof fateIn>): string {
	if (claim.crashes !== fact.crashes) return claim.crashes ? "false alarm: crash" : "missed: crash";
	if (fact.crashes) return "";
	if (claim.isRefused !== fact.isRefused) return claim.isRefused ? "false alarm: refused" : "missed: refused";
	// There is no status to compare before 24.1, and where networking is lost the check does not speak of it.
	if (fact.isDegraded === undefined || claim.losesNetworking || claim.isDegraded === fact.isDegraded) return "";
	return claim.isDegraded ? "false alarm: degraded" : "missed: degraded";
}

/** The differences for a document, in each renderer. */
function differencesOf(step: Step, version: string, fate: Fate): string[] {
	const effects = findingsIn(step, `cloud-init@${version}`).flatMap((finding) => finding.effects);
	return RENDERERS.flatMap((renderer) => {
		const text = difference(claimed(effects, renderer), fateIn(fate, renderer));
		return text === "" ? [] : [`${renderer}: ${text}`];
	});
}

const versions = [...record].filter(([column]) => JUDGES.some(({ version }) => version === column));

describe.for(versions)("cloud-init %s, as recorded", ([version, fates]) => {
	it("does what the check says, in every cell of the walk", { tags: ["slow"], timeout: 300_000 }, () => {
		const steps = STEPS.map((step) => ({ ...step, fate: fates.get(digestOf(step)) }));
		const differences = steps.flatMap(({ fate, ...step }) => {
			const { title } = step;
			if (!fate) return [`${title}: not recorded (node test/check/record-walk.ts)`];
			return differencesOf(step, version, fate).map((text) => `${title}: ${text}`);
		});
		const cells = steps.length * RENDERERS.length;
		console.log(`cloud-init ${version}: ${cells} cells, ${differences.length} differences`);
		expect(differences).toEqual([]);
	});
});

/** The rules that say that NetworkManager asks for DHCPv4, or refuses a gateway. */
const ASKING = ["link-without-network", "ipv6-without-ipv4"];
const REFUSING = "gateway-without-address";

/** The differences between the claims about NetworkManager and the profiles that cloud-init wrote for it. */
function surprisesOf(step: Step, version: string, judged: Judged): string[] {
	const files = judged.renderers?.["network-manager"].files;
	if (files === undefined) return [];
	const rules = findingsIn(step, `cloud-init@${version}:network-manager`).map(({ rule }) => rule);
	const claimed = {
		asksForDhcp: rules.some((rule) => ASKING.includes(rule)),
		refusesGateway: rules.includes(REFUSING),
	};
	const found = surprisesIn(files);
	return (["asksForDhcp", "refusesGateway"] as const).flatMap((name) =>
		claimed[name] === found[name] ? [] : [`${step.title}: ${claimed[name] ? "false alarm" : "missed"}: ${name}`],
	);
}

/** All steps would take minutes: recording judges them all. */
const SAMPLE = STEPS.filter((_, index) => index % 40 === 7);

describe.for(JUDGES)("cloud-init $version (test/system/install.sh, npm run test:clients)", (one) => {
	const { version, isHere, judge } = one;

	it.skipIf(!isHere)("does what is recorded", { tags: ["slow"], timeout: 300_000 }, () => {
		const fates = judge(SAMPLE).map(fateOf);
		const recorded = SAMPLE.map((step) => record.get(version)?.get(digestOf(step)));
		const differences = SAMPLE.flatMap(({ title }, index) =>
			recorded[index] === fates[index] ? [] : [`${title}: ${fates[index]}, not ${recorded[index]}`],
		);
		expect(differences).toEqual([]);
	});

	it.skipIf(!isHere)("writes for NetworkManager what the check says", { tags: ["slow"], timeout: 300_000 }, () => {
		const steps = [...SAMPLE, ...UNRECORDED];
		const differences = judge(steps).flatMap((judged, index) => {
			const step = steps[index];
			return step ? surprisesOf(step, version, judged) : [];
		});
		expect(differences).toEqual([]);
	});

	it.skipIf(!isHere)("does what the check says with documents that are not recorded", { timeout: 120_000 }, () => {
		const judged = judge(UNRECORDED);
		const differences = UNRECORDED.flatMap((step, index) =>
			differencesOf(step, version, fateOf(judged[index] ?? {})).map((text) => `${step.title}: ${text}`),
		);
		expect(differences).toEqual([]);
	});
});
