/**
 * Records what every cloud-init that can be run here makes of the walk: `node test/check/record-walk.ts`. The others'
 * columns stay as they are. It takes some minutes.
 */
import { existsSync, writeFileSync } from "node:fs";
import { JUDGES } from "./cloud-init.ts";
import { digestOf, fateOf, RECORD, readRecord, STEPS } from "./fates.ts";

const documents = new Map(STEPS.map(({ document }) => [digestOf(document), document]));
const record = existsSync(RECORD) ? readRecord() : new Map<string, Map<string, string>>();
for (const { version, isHere, judge } of JUDGES) {
	if (!isHere) continue;
	const judged = judge([...documents.values()]);
	record.set(version, new Map([...documents.keys()].map((digest, index) => [digest, fateOf(judged[index] ?? {})])));
}
const versions = JUDGES.map(({ version }) => version);
const lines = [...documents.keys()].map((digest) => [
	digest,
	...versions.map((version) => record.get(version)?.get(digest) ?? ""),
]);
writeFileSync(RECORD, [["document", ...versions], ...lines].map((line) => `${line.join("\t")}\n`).join(""));
