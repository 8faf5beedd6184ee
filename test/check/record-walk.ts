/**
 * Records what every cloud-init, and glean, that can be run here makes of the walk: `node test/check/record-walk.ts`. The
 * others' columns stay as they are. It takes some minutes.
 */
import { existsSync, writeFileSync } from "node:fs";
import { JUDGES } from "./cloud-init.ts";
import { digestOf, type Fate, fateOf, RECORD, readRecord, STEPS } from "./fates.ts";
import { gleanFates, hasGlean } from "./glean.ts";

const documents = new Map(STEPS.map(({ document }) => [digestOf(document), document]));
const record = existsSync(RECORD) ? readRecord() : new Map<string, Map<string, Fate>>();
const put = (column: string, fates: readonly Fate[]) =>
	record.set(column, new Map([...documents.keys()].map((digest, index) => [digest, fates[index] ?? ""])));

for (const { version, isHere, judge } of JUDGES) {
	if (isHere) put(version, judge([...documents.values()]).map(fateOf));
}
if (hasGlean) put("glean", gleanFates([...documents.values()]));

const columns = [...JUDGES.map(({ version }) => version), "glean"];
const lines = [...documents.keys()].map((digest) => [
	digest,
	...columns.map((column) => record.get(column)?.get(digest) ?? ""),
]);
writeFileSync(RECORD, [["document", ...columns], ...lines].map((line) => `${line.join("\t")}\n`).join(""));
