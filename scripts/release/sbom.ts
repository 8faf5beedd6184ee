/** What a release consists of, as a CycloneDX document. */
import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { EPOCH, manifest, ROOT, run } from "./tools.ts";

/**
 * Writes the bill of materials: the production dependencies, and the Node.js that the Debian package and the image
 * contain. npm's time and serial number are replaced, so that one commit gives the same bytes.
 *
 * @param folder where the document goes
 */
export function writeSbom(folder: string): void {
	const text = run("npm", ["sbom", "--sbom-format", "cyclonedx", "--omit", "dev", "--package-lock-only"], {
		cwd: ROOT,
	});
	const bill = JSON.parse(text);
	bill.metadata.timestamp = new Date(EPOCH * 1000).toISOString();
	bill.components.push(nodeComponent());
	bill.serialNumber = `urn:uuid:${uuidOf(JSON.stringify(bill.components))}`;
	writeFileSync(join(folder, `${manifest.name}-${manifest.version}.cdx.json`), `${JSON.stringify(bill, null, "\t")}\n`);
}

function nodeComponent(): object {
	const { version, license } = JSON.parse(readFileSync(join(ROOT, "node_modules/node/package.json"), "utf8"));
	return {
		"bom-ref": `node@${version}`,
		type: "platform",
		name: "node",
		version,
		purl: `pkg:npm/node@${version}`,
		licenses: [{ license: { id: license ?? "MIT" } }],
	};
}

/** A UUID of version 8, made from text. */
function uuidOf(text: string): string {
	const hex = createHash("sha256").update(text).digest("hex");
	return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}
