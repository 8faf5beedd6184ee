/** cloudbase-init as the judge of documents, where Python has the package (a checkout in PYTHONPATH) and netaddr. */
import type { Fate } from "./fates.ts";
import { hasModules, judge } from "./python-judge.ts";

/** How the network plugin ended. */
interface Ended {
	/** An exception of cloudbase-init. */
	readonly error?: string;
	/** Windows, or rather the judge's model of it, refused something. */
	readonly refused?: string;
}

export const hasCloudbaseInit = hasModules("cloudbaseinit, netaddr");

/** A letter: `c` cloudbase-init stops with an exception of its own, `w` because Windows refuses something, `-` neither. */
export function cloudbaseInitFates(documents: readonly unknown[]): Fate[] {
	return judge<Ended>("judge-cloudbase-init.py", documents).map(({ error, refused }) =>
		error !== undefined ? "c" : refused === undefined ? "-" : "w",
	);
}
