/**
 * Records what every cloud-init, and glean, that can be run here makes of the walk: `node test/check/record-walk.ts`. The
 * others' columns stay as they are. It takes some minutes.
 */
import { existsSync, writeFileSync } from "node:fs";
import { MEANING_RECORD, readMeanings, recordedMeaning } from "./aspects.ts";
import { JUDGES } from "./cloud-init.ts";
import { digestOf, type Fate, fateOf, RECORD, readRecord, STEPS } from "./fates.ts";
import { gleanFates, hasGlean } from "./glean.ts";

const documents = new Map(STEPS.map(({ document }) => [digestOf(document), document]));
const record = existsSync(RECORD) ? readRecord() : new Map<string, Map<string, Fate>>();
const put = (column: string, fates: readonly Fate[]) =>
	record.set(column, new Map([...documents.keys()].map((digest, index) => [digest, fates[index] ?? ""])));

/** The releases whose files are compared, too: of 26.2, only the fates are. */
const MEANING_VERSIONS: readonly string[] = ["22.4.2", "25.1.4"];
const meanings: Map<string, Map<string, string>> = new Map(
	[...readMeanings()].map(([version, recorded]) => [
		version,
		new Map([...recorded].map(([digest, parts]) => [digest, parts.join("|")])),
	]),
);
for (const { version, isHere, judge } of JUDGES) {
	if (!isHere) continue;
	const judged = judge([...documents.values()]);
	put(version, judged.map(fateOf));
	if (!MEANING_VERSIONS.includes(version)) continue;
	const texts = [...documents].map(([digest, document], index): [string, string] => [
		digest,
		recordedMeaning(document, judged[index] ?? {}),
	]);
	meanings.set(version, new Map(texts));
}
if (hasGlean) put("glean", gleanFates([...documents.values()]));

const columns = [...JUDGES.map(({ version }) => version), "glean"];
const lines = [...documents.keys()].map((digest) => [
	digest,
	...columns.map((column) => record.get(column)?.get(digest) ?? ""),
]);
const meaningLines = [...documents.keys()].flatMap((digest) => {
	const fields = MEANING_VERSIONS.map((version) => meanings.get(version)?.get(digest) ?? "");
	return fields.some(Boolean) ? [[digest, ...fields]] : [];
});
writeFileSync(
	MEANING_RECORD,
	[["document", ...MEANING_VERSIONS], ...meaningLines].map((line) => `${line.join("\t")}\n`).join(""),
);
writeFileSync(RECORD, [["document", ...columns], ...lines].map((line) => `${line.join("\t")}\n`).join(""));
