// Writes the table of every key at the end of docs/configuration.md, from the schema.
import { readFileSync, writeFileSync } from "node:fs";
import { configurationTable } from "../src/cli/config-table.ts";

const file = new URL("../docs/configuration.md", import.meta.url);
const text = readFileSync(file, "utf8");
writeFileSync(file, `${text.slice(0, text.indexOf("| key |"))}${configurationTable()}\n`);
