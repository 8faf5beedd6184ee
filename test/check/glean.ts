/** glean as the judge of documents, where Python has the package (from PyPI, or a folder in PYTHONPATH). */
import type { Fate } from "./fates.ts";
import { hasModules, judge } from "./python-judge.ts";

/** The distributions that glean writes for, in the order of a fate's letters. */
export const DISTRIBUTIONS = ["debian", "redhat", "redhat-keyfiles", "suse", "gentoo", "networkd"] as const;

type Written = Readonly<Record<(typeof DISTRIBUTIONS)[number], { readonly error?: string }>>;

export const hasGlean = hasModules("glean.cmd");

/** A letter for each distribution: `c` glean stops, `-` it does not. */
export function gleanFates(documents: readonly unknown[]): Fate[] {
	return judge<Written>("judge-glean.py", documents).map((written) =>
		DISTRIBUTIONS.map((name) => (written[name].error === undefined ? "-" : "c")).join(""),
	);
}
