/** glean as the judge of documents, where Python has the package (from PyPI, or a folder in PYTHONPATH). */
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { hasProgram, PYTHON } from "../system/programs.ts";
import type { Fate } from "./fates.ts";

/** The distributions that glean writes for, in the order of a fate's letters. */
export const DISTRIBUTIONS = ["debian", "redhat", "redhat-keyfiles", "suse", "gentoo", "networkd"] as const;

type Written = Readonly<Record<(typeof DISTRIBUTIONS)[number], { readonly error?: string }>>;

const python = (args: readonly string[], input = "") =>
	spawnSync(PYTHON, args, { input, encoding: "utf8", maxBuffer: 512 << 20, timeout: 600_000 });

export const hasGlean = hasProgram(PYTHON) && python(["-c", "import glean.cmd"]).status === 0;

/** A letter for each distribution: `c` glean stops, `-` it does not. */
export function gleanFates(documents: readonly unknown[]): Fate[] {
	const script = readFileSync(new URL("judge-glean.py", import.meta.url), "utf8");
	const { status, stdout, stderr } = python(["-c", script], JSON.stringify(documents));
	if (status !== 0) throw new Error(`glean's judge ended with ${status}: ${stderr.slice(-2000)}`);
	const results: readonly Written[] = JSON.parse(stdout);
	return results.map((written) =>
		DISTRIBUTIONS.map((name) => (written[name].error === undefined ? "-" : "c")).join(""),
	);
}
