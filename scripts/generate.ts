// Writes every generated file from its source. With `--check`, fails when a file in the tree is not current.
import { readFileSync, writeFileSync } from "node:fs";
import { configurationTable } from "../src/cli/config-table.ts";
import { EmittedNetworkDataSchema } from "../src/documents/network-data.ts";
import { withCheckTables, withMembersTable } from "./check-docs.ts";
import { withImportRules } from "./import-rules.ts";
import { withReasonsTable } from "./reasons-table.ts";

/** The generated files, each with a function from its current text to what it must be. Paths are relative to the root. */
const GENERATED: Readonly<Record<string, (current: string) => string>> = {
	"schema/network_data.json": () => `${JSON.stringify(EmittedNetworkDataSchema, null, "\t")}\n`,
	"docs/configuration.md": (current) => `${current.slice(0, current.indexOf("| key |"))}${configurationTable()}\n`,
	"docs/http.md": withReasonsTable,
	"docs/check.md": withCheckTables,
	"docs/clients.md": withMembersTable,
	"biome.json": withImportRules,
};

const isCheck = process.argv.includes("--check");
const outdated = Object.entries(GENERATED).filter(([path, generate]) => {
	const file = new URL(`../${path}`, import.meta.url);
	const current = readFileSync(file, "utf8");
	const text = generate(current);
	if (text === current) return false;
	if (!isCheck) writeFileSync(file, text);
	return true;
});
for (const [path] of outdated) console.log(isCheck ? `${path} is not current: run npm run generate` : `wrote ${path}`);
if (isCheck && outdated.length > 0) process.exitCode = 1;
