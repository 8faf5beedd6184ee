// Writes the published schemas from their one source. `--check` fails when a published file is not current.
import { readFileSync, writeFileSync } from "node:fs";
import { EmittedNetworkDataSchema } from "../src/documents/network-data.ts";

const published = { "network_data.json": EmittedNetworkDataSchema };

for (const [name, schema] of Object.entries(published)) {
	const file = new URL(`../schema/${name}`, import.meta.url);
	const text = `${JSON.stringify(schema, null, "\t")}\n`;
	if (!process.argv.includes("--check")) writeFileSync(file, text);
	else if (readFileSync(file, "utf8") !== text) throw new Error(`schema/${name} is not current: npm run schema`);
}
