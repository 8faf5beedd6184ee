/** Files that may be in the middle of being written: their last contents are used until they have been quiet. */
import { COLLECTION_NAMES, COLLECTIONS } from "./collections.ts";
import type { ReadFile } from "./folder.ts";
import type { InventoryFile } from "./parse.ts";

/** What a file is like, and since when. */
export interface Doubt {
	readonly stamp: string;
	/** When that was first seen, and when it will be believed. Milliseconds of the performance clock. */
	readonly since: number;
	readonly until: number;
	/** One line, for people. */
	readonly problem: string;
}

export type Files = ReadonlyMap<string, ReadFile>;

/** Milliseconds without a change after which a file that has lost resources is believed. */
const QUIET = 5000;
/** The same for a file that also has new resources, as if something was renamed. */
const QUIET_WITH_NEW = 1000;

/**
 * The files that have lost resources, or are gone, less than some seconds ago. `generator > file` empties a file and then
 * fills it in steps. A file that takes the place of another one (`mv`, most editors) is complete, unless it is empty.
 *
 * @param used the files in use so far
 * @param found the files on disk now
 * @param known the doubts so far
 * @param now milliseconds of the performance clock
 */
export function findDoubts(
	used: Files,
	found: Files,
	known: ReadonlyMap<string, Doubt>,
	now: number,
): ReadonlyMap<string, Doubt> {
	const doubts = new Map<string, Doubt>();
	for (const [path, last] of used) {
		const doubted = judge(last, found.get(path));
		if (doubted === undefined) continue;
		const stamp = found.get(path)?.stamp ?? "";
		const before = known.get(path);
		const since = before?.stamp === stamp ? before.since : now;
		const until = since + doubted.quiet;
		if (now < until) doubts.set(path, { stamp, since, until, problem: `${path} ${doubted.problem}` });
	}
	return doubts;
}

/** Undefined for a file that is believed at once. */
function judge(
	last: ReadFile,
	found: ReadFile | undefined,
): { readonly quiet: number; readonly problem: string } | undefined {
	if (found === last) return undefined;
	const all = identities(last.file);
	if (found === undefined) {
		return all.size === 0 ? undefined : { quiet: QUIET, problem: "is gone: it may be about to be written again" };
	}
	const left = identities(found.file);
	const kept = [...all].filter((identity) => left.has(identity)).length;
	if (kept === all.size || (found.created !== last.created && left.size > 0)) return undefined;
	return {
		quiet: left.size > kept ? QUIET_WITH_NEW : QUIET,
		problem: `has lost ${left.size === 0 ? "all" : "some"} of its resources: it may still be being written`,
	};
}

function identities({ collections }: InventoryFile): Set<string> {
	return new Set(
		COLLECTION_NAMES.flatMap((name) => {
			const identityOf = COLLECTIONS[name].identity as (resource: unknown) => string;
			return collections[name].map((resource) => `${name} ${identityOf(resource)}`);
		}),
	);
}

/** The files to use: those on disk, with the last contents of those in doubt, in the order of their paths. */
export function withoutDoubts(used: Files, found: Files, doubts: ReadonlyMap<string, Doubt>): Files {
	const paths = [...new Set([...found.keys(), ...doubts.keys()])].sort();
	return new Map(
		paths.flatMap((path): [string, ReadFile][] => {
			const file = doubts.has(path) ? used.get(path) : found.get(path);
			return file === undefined ? [] : [[path, file]];
		}),
	);
}
