/** The walk: what the guest gets of a document by cloud-init's own files, compared with what the check says. */
import { describe, expect, it } from "vitest";
import { check } from "../../src/check/index.ts";
import { type Aspect, planned, readMeanings, recordedMeaning, UNSEEN } from "../check/aspects.ts";
import { contradictions } from "../check/claims.ts";
import { JUDGES, RENDERERS, type RendererName } from "../check/cloud-init.ts";
import { digestOf, fateIn, readRecord, STEPS } from "../check/fates.ts";
import { HIDDEN_EFFECTS, MEANING_EXCEPTIONS, REFUSED_WITHOUT_ERROR } from "../check/meaning-exceptions.ts";

/** The documents of the walk, each once. */
const DOCUMENTS = [...new Map(STEPS.map((step) => [digestOf(step.document), step]))];

const UNPLANNED = new Set(DOCUMENTS.flatMap(([digest, { document }]) => (planned(document) ? [] : [digest])));

/**
 * How many cells have files to compare, and why the others have none: cloud-init ends with an exception, netplan refuses the
 * file (both compared in check-cloud-init.test.ts), or Guestwire's own reader refuses the document (below).
 */
const CELLS: Readonly<Record<string, Readonly<Record<"compared" | keyof typeof UNSEEN, number>>>> = {
	"22.4.2": { compared: 5371, crash: 6489, refused: 314, unplanned: 3056 },
	"25.1.4": { compared: 5314, crash: 6683, refused: 329, unplanned: 2904 },
	"26.2": { compared: 5352, crash: 6618, refused: 329, unplanned: 2931 },
};

/**
 * Effects that a cell's files cannot show. If that is because the files have an invalid value, the sound document from which
 * this one was made must show the effect.
 */
function hiddenIn(renderer: RendererName, title: string, differing: readonly Aspect[], rules: readonly string[]) {
	const sound = differing.includes("unreadable") ? /^(static|dynamic|bond|vlan)\b/.exec(title)?.[0] : undefined;
	const step = STEPS.find((one) => one.title === sound);
	const like = step && digestOf(step.document);
	return rules.map((rule) => ({ cell: `${renderer}: ${title}: ${rule}`, like: `${renderer}: ${like}: ${rule}` }));
}

describe.for([...readMeanings()])("the files of cloud-init %s, as recorded", ([version, meanings]) => {
	const fates = readRecord().get(version);

	it("differ from the document only where the check says so", { tags: ["slow"], timeout: 600_000 }, () => {
		const cells = { compared: 0, crash: 0, refused: 0, unplanned: 0 };
		const shown = new Set<string>();
		const hidden: { readonly cell: string; readonly like: string }[] = [];
		const differences = DOCUMENTS.flatMap(([digest, { title, document }]) => {
			const recorded = meanings.get(digest);
			if (!recorded) return [`${title}: not recorded (node test/check/record-walk.ts)`];
			const findings = check(document, { clients: [`cloud-init@${version}`] });
			return RENDERERS.flatMap((renderer, index) => {
				const text = recorded[index] ?? "";
				const reason = (["crash", "refused", "unplanned"] as const).find((name) => UNSEEN[name] === text);
				cells[reason ?? "compared"]++;
				if (reason) return [];
				const differing = (text === "-" ? [] : text.split("+")) as Aspect[];
				const { missed, alarms, ...promised } = contradictions(findings, renderer, differing);
				hidden.push(...hiddenIn(renderer, title, differing, promised.hidden));
				for (const rule of promised.shown) shown.add(`${renderer}: ${digest}: ${rule}`);
				return [...missed.map((aspect) => `missed: ${aspect}`), ...alarms.map((rule) => `false alarm: ${rule}`)].map(
					(what) => `${renderer}: ${title}: ${what}`,
				);
			});
		});
		const unexplained = differences.filter(
			(cell) => !MEANING_EXCEPTIONS.some((exception) => exception.cell.test(cell)),
		);
		console.log(
			`cloud-init ${version}: ${cells.compared} cells, ${unexplained.length} differences ` +
				`(${differences.length} known), ${hidden.length} promised effects that others hide`,
		);
		const unproved = hidden.filter(
			({ cell, like }) => !shown.has(like) && !HIDDEN_EFFECTS.some((one) => one.cell.test(cell)),
		);
		expect(unproved.map(({ cell }) => cell)).toEqual([]);
		expect(unexplained).toEqual([]);
		expect(cells).toEqual(CELLS[version]);
	});

	it("are missing just where cloud-init or netplan fails, or the document has no plan", { tags: ["slow"] }, () => {
		const wrong = DOCUMENTS.flatMap(([digest, { title }]) => {
			const isPlanned = !UNPLANNED.has(digest);
			return RENDERERS.flatMap((renderer, index) => {
				const { crashes, isRefused } = fateIn(fates?.get(digest) ?? "", renderer);
				const expected = crashes ? UNSEEN.crash : isRefused ? UNSEEN.refused : isPlanned ? undefined : UNSEEN.unplanned;
				const text = meanings.get(digest)?.[index] ?? "";
				const isSame = expected === undefined ? text.length > 1 || text === "-" : text === expected;
				return isSame ? [] : [`${renderer}: ${title}: ${text}`];
			});
		});
		expect(wrong).toEqual([]);
	});
});

describe("a document that Guestwire's own reader refuses", () => {
	it("has an error for some client, unless no client reads the value", { tags: ["slow"], timeout: 300_000 }, () => {
		const refused = DOCUMENTS.filter(([digest]) => UNPLANNED.has(digest));
		const silent = refused.flatMap(([, { title, document }]) =>
			check(document).some(({ severity }) => severity === "error") ? [] : [title],
		);
		console.log(`${refused.length} documents are refused, ${silent.length} of them without an error`);
		expect(silent.filter((title) => !REFUSED_WITHOUT_ERROR.some(({ document }) => document.test(title)))).toEqual([]);
	});
});

/** All documents would take minutes: recording reads them all. */
const SAMPLE = DOCUMENTS.filter((_, index) => index % 40 === 9);

describe.for(JUDGES)("the files of cloud-init $version (test/system/install.sh, npm run test:clients)", (one) => {
	const { version, isHere, judge } = one;
	const meanings = readMeanings().get(version);

	it.skipIf(!isHere || !meanings)("mean what is recorded", { tags: ["slow"], timeout: 300_000 }, () => {
		const judged = judge(SAMPLE.map(([, { document }]) => document));
		const differences = SAMPLE.flatMap(([digest, { title, document }], index) => {
			const text = recordedMeaning(document, judged[index] ?? {});
			const recorded = meanings?.get(digest)?.join("|");
			return text === recorded ? [] : [`${title}: ${text}, not ${recorded}`];
		});
		expect(differences).toEqual([]);
	});
});
