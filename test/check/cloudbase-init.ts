/** cloudbase-init as the judge of documents, where Python has the package (a checkout in PYTHONPATH) and netaddr. */
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { hasProgram, PYTHON } from "../system/programs.ts";
import type { Fate } from "./fates.ts";

/** How the network plugin ended. */
interface Ended {
	/** An exception of cloudbase-init. */
	readonly error?: string;
	/** Windows, or rather the judge's model of it, refused something. */
	readonly refused?: string;
}

const python = (args: readonly string[], input = "") =>
	spawnSync(PYTHON, args, { input, encoding: "utf8", maxBuffer: 512 << 20, timeout: 600_000 });

export const hasCloudbaseInit = hasProgram(PYTHON) && python(["-c", "import cloudbaseinit, netaddr"]).status === 0;

/** A letter: `c` cloudbase-init stops with an exception of its own, `w` because Windows refuses something, `-` neither. */
export function cloudbaseInitFates(documents: readonly unknown[]): Fate[] {
	const script = readFileSync(new URL("judge-cloudbase-init.py", import.meta.url), "utf8");
	const { status, stdout, stderr } = python(["-c", script], JSON.stringify(documents));
	if (status !== 0) throw new Error(`cloudbase-init's judge ended with ${status}: ${stderr.slice(-2000)}`);
	const results: readonly Ended[] = JSON.parse(stdout);
	return results.map(({ error, refused }) => (error !== undefined ? "c" : refused === undefined ? "-" : "w"));
}
