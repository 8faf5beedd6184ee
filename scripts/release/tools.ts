/** What the parts of a release share. */
import { execFileSync } from "node:child_process";
import { lutimesSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** The checkout, with a slash at the end. */
export const ROOT = new URL("../../", import.meta.url).pathname;

export interface Manifest {
	readonly name: string;
	readonly version: string;
	readonly description: string;
	readonly homepage: string;
}

export const manifest: Manifest = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));

/** Seconds since 1970 that every file of a release carries: the commit's, so that one commit gives the same bytes. */
export const EPOCH = Number(
	process.env["SOURCE_DATE_EPOCH"] ?? run("git", ["-C", ROOT, "log", "-1", "--format=%ct"]).trim(),
);

/**
 * Runs a program to its end and returns what it wrote to standard output. Its errors are shown.
 *
 * @throws Error if it fails
 */
export function run(command: string, args: readonly string[], options: { readonly cwd?: string } = {}): string {
	return execFileSync(command, args, {
		...options,
		encoding: "utf8",
		env: { ...process.env, ...(command === "git" ? {} : { SOURCE_DATE_EPOCH: String(EPOCH) }) },
		maxBuffer: 2 ** 26,
		stdio: ["ignore", "pipe", "inherit"],
	});
}

/** Sets the time of everything in a folder, and of the folder, to EPOCH. */
export function setTimes(folder: string): void {
	for (const path of readdirSync(folder, { recursive: true, encoding: "utf8" })) {
		lutimesSync(join(folder, path), EPOCH, EPOCH);
	}
	lutimesSync(folder, EPOCH, EPOCH);
}
