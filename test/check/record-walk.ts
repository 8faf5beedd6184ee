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
import type { Step } from "./step.ts";

const documents = new Map(STEPS.map((step) => [digestOf(step), step]));
const record = existsSync(RECORD) ? readRecord() : new Map<string, Map<string, Fate>>();
const VERSIONS = JUDGES.map(({ version }) => version);
const meanings: Map<string, Map<string, string>> = new Map(
	[...readMeanings()].map(([version, recorded]) => [
		version,
		new Map([...recorded].map(([digest, parts]) => [digest, parts.join("|")])),
	]),
);

interface Column<Judged> {
	readonly judge: (all: readonly Step[]) => readonly Judged[];
	readonly fate: (judged: Judged) => Fate;
	readonly meaning: (document: unknown, judged: Judged) => string;
}

/** Records what a client makes of all documents. */
function put<Judged>(column: string, { judge, fate, meaning }: Column<Judged>): void {
	const judged = judge([...documents.values()]);
	const cells = (textOf: Column<Judged>["meaning"]) =>
		new Map(
			[...documents].map(([digest, { document }], index): [string, string] => {
				const one = judged[index];
				return [digest, one === undefined ? "" : textOf(document, one)];
			}),
		);
	record.set(
		column,
		cells((_document, one) => fate(one)),
	);
	meanings.set(column, cells(meaning));
}

for (const { version, isHere, judge } of JUDGES)
	if (isHere) put(version, { judge, fate: fateOf, meaning: recordedMeaning });
if (hasGlean) put("glean", { judge: judgeGlean, fate: gleanFate, meaning: gleanMeaning });
if (hasCloudbaseInit)
	put("cloudbase-init", { judge: judgeCloudbaseInit, fate: cloudbaseInitFate, meaning: cloudbaseInitMeaning });

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
