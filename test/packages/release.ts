/** What `npm run release` has made. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

const FOLDER = new URL("../../release/", import.meta.url).pathname;

/** Full path of the file of that name. */
export function releaseFile(name: RegExp): string {
	const found = readdirSync(FOLDER).find((file) => name.test(file));
	if (found === undefined) throw new Error(`release/ has no file ${name}: run npm run release`);
	return join(FOLDER, found);
}

export interface Component {
	/** `preact@11.2.0` */
	readonly "bom-ref": string;
	readonly name: string;
	readonly version: string;
	readonly purl: string;
}

/** Those of the bill of materials. */
export function components(): readonly Component[] {
	return JSON.parse(readFileSync(releaseFile(/\.cdx\.json$/), "utf8")).components;
}
