import { readFileSync } from "node:fs";

/** From package.json, which stands two folders up from the sources and from what is built of them. */
export function version(): string {
	return JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8")).version;
}
