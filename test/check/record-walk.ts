/**
 * Records what every cloud-init, glean and cloudbase-init that can be run here makes of the walk:
 * `PYTHONPATH=FOLDERS node test/check/record-walk.ts`, where the folders have glean, cloudbase-init and netaddr. The others'
 * columns stay as they are. It takes some minutes.
 */
import { existsSync, writeFileSync } from "node:fs";
import { MEANING_RECORD, readMeanings, recordedMeaning } from "./aspects.ts";
import { JUDGES } from "./cloud-init.ts";
import { cloudbaseInitFate, cloudbaseInitMeaning, hasCloudbaseInit, judgeCloudbaseInit } from "./cloudbase-init.ts";
import { digestOf, type Fate, fateOf, RECORD, readRecord, STEPS } from "./fates.ts";
import { gleanFate, gleanMeaning, hasGlean, judgeGlean } from "./glean.ts";

const documents = new Map(STEPS.map(({ document }) => [digestOf(document), document]));
const record = existsSync(RECORD) ? readRecord() : new Map<string, Map<string, Fate>>();
const put = (column: string, fates: readonly Fate[]) =>
	record.set(column, new Map([...documents.keys()].map((digest, index) => [digest, fates[index] ?? ""])));

const VERSIONS = JUDGES.map(({ version }) => version);
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
	const texts = [...documents].map(([digest, document], index): [string, string] => [
		digest,
		recordedMeaning(document, judged[index] ?? {}),
	]);
	meanings.set(version, new Map(texts));
}
if (hasGlean) {
	const judged = judgeGlean([...documents.values()]);
	put("glean", judged.map(gleanFate));
	const texts = [...documents].map(([digest, document], index): [string, string] => {
		const written = judged[index];
		return [digest, written === undefined ? "" : gleanMeaning(document, written)];
	});
	meanings.set("glean", new Map(texts));
}
if (hasCloudbaseInit) {
	const judged = judgeCloudbaseInit([...documents.values()]);
	put("cloudbase-init", judged.map(cloudbaseInitFate));
	const texts = [...documents].map(([digest, document], index): [string, string] => {
		const ended = judged[index];
		return [digest, ended === undefined ? "" : cloudbaseInitMeaning(document, ended)];
	});
	meanings.set("cloudbase-init", new Map(texts));
}

const columns = [...VERSIONS, "glean", "cloudbase-init"];
const lines = [...documents.keys()].map((digest) => [
	digest,
	...columns.map((column) => record.get(column)?.get(digest) ?? ""),
]);
const meaningLines = [...documents.keys()].flatMap((digest) => {
	const fields = columns.map((column) => meanings.get(column)?.get(digest) ?? "");
	return fields.some(Boolean) ? [[digest, ...fields]] : [];
});
writeFileSync(
	MEANING_RECORD,
	[["document", ...columns], ...meaningLines].map((line) => `${line.join("\t")}\n`).join(""),
);
writeFileSync(RECORD, [["document", ...columns], ...lines].map((line) => `${line.join("\t")}\n`).join(""));
