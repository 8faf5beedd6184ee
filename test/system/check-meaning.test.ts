/** The walk: what the guest gets of a document by cloud-init's own files, compared with what the check says. */
import { describe, expect, it } from "vitest";
import { check } from "../../src/check/index.ts";
import { planned, readMeanings, recordedMeaning, UNSEEN } from "../check/aspects.ts";
import { JUDGES, RENDERERS } from "../check/cloud-init.ts";
import { type Cells, compareMeanings, DOCUMENTS } from "../check/compare-meaning.ts";
import { fateIn, readRecord } from "../check/fates.ts";
import { HIDDEN_EFFECTS, MEANING_EXCEPTIONS, REFUSED_WITHOUT_ERROR } from "../check/meaning-exceptions.ts";

const UNPLANNED = new Set(DOCUMENTS.flatMap(([digest, { document }]) => (planned(document) ? [] : [digest])));

/**
 * How many cells have files to compare, and why the others have none: cloud-init ends with an exception, netplan refuses the
 * file (both compared in check-cloud-init.test.ts), or Guestwire's own reader refuses the document (below).
 */
const CELLS: Readonly<Record<string, Readonly<Cells>>> = {
	"22.4.2": { compared: 8982, crash: 7496, refused: 545, unplanned: 4202 },
	"25.1.4": { compared: 8877, crash: 7849, refused: 577, unplanned: 3922 },
	"26.2": { compared: 8888, crash: 7777, refused: 663, unplanned: 3897 },
};

/** The exceptions that each version does not need. */
const unused: (readonly string[])[] = [];

const CLOUD_INIT = [...readMeanings()].filter(([column]) => JUDGES.some(({ version }) => version === column));

describe.for(CLOUD_INIT)("the files of cloud-init %s, as recorded", ([version, meanings]) => {
	const fates = readRecord().get(version);

	it("differ from the document only where the check says so", { tags: ["slow"], timeout: 600_000 }, () => {
		const { cells, summary, ...lists } = compareMeanings({
			client: `cloud-init@${version}`,
			renderers: RENDERERS,
			meanings,
			exceptions: MEANING_EXCEPTIONS,
			hiddenEffects: HIDDEN_EFFECTS,
		});
		console.log(summary);
		unused.push(lists.unused);
		expect(lists.unproved).toEqual([]);
		expect(lists.unexplained).toEqual([]);
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

it("has no exception that no version needs", { tags: ["slow"] }, () => {
	expect(unused).toHaveLength(CLOUD_INIT.length);
	const [first = [], ...others] = unused;
	expect(first.filter((why) => others.every((list) => list.includes(why)))).toEqual([]);
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
		const judged = judge(SAMPLE.map(([, step]) => step));
		const differences = SAMPLE.flatMap(([digest, { title, document }], index) => {
			const text = recordedMeaning(document, judged[index] ?? {});
			const recorded = meanings?.get(digest)?.join("|");
			return text === recorded ? [] : [`${title}: ${text}, not ${recorded}`];
		});
		expect(differences).toEqual([]);
	});
});
