/** Files that may be in the middle of being written: their last contents are used until they have been quiet. */
import { COLLECTION_NAMES, COLLECTIONS, type CollectionName, type Collections } from "./collections.ts";
import type { ReadFile } from "./folder.ts";
import type { InvalidRecord } from "./invalid-records.ts";
import type { InventoryFile } from "./parse.ts";

/** What an unsettled file is like, and since when. Times are milliseconds of the performance clock. */
export interface UnsettledFile {
	/** When it became unsettled. */
	readonly began: number;
	/** The resources on disk, and when the file was first found with just these. */
	readonly resources: ReadonlySet<string>;
	readonly since: number;
	/** When the file will be believed. */
	readonly until: number;
	/** One line, for people. */
	readonly problem: string;
}

export type Files = ReadonlyMap<string, ReadFile>;

/** Milliseconds without a change after which a file that has lost resources is believed. */
const QUIET = 5000;
/** The same for a file that also has new resources, as if something was renamed. */
const QUIET_WITH_NEW = 1000;
/** Milliseconds after which a file that never is quiet is believed, unless it is empty just then. */
const AT_MOST = 30_000;

/**
 * The files that have lost resources, or are gone, less than some seconds ago. `generator > file` empties a file and then
 * fills it in steps. A file that takes the place of another one (`mv`, most editors) is complete, unless it is empty.
 *
 * @param used the files in use so far
 * @param found the files on disk now
 * @param known the unsettled files so far
 * @param now milliseconds of the performance clock
 */
export function findUnsettled(
	used: Files,
	found: Files,
	known: ReadonlyMap<string, UnsettledFile>,
	now: number,
): ReadonlyMap<string, UnsettledFile> {
	const unsettled = new Map<string, UnsettledFile>();
	for (const [path, last] of used) {
		const suspicion = judge(last, found.get(path));
		if (suspicion === undefined) continue;
		const { resources, quiet, problem } = suspicion;
		const before = known.get(path);
		const began = before?.began ?? now;
		const since = before !== undefined && areEqual(before.resources, resources) ? before.since : now;
		// An empty file is quiet, or gets resources again.
		const until = Math.min(since + quiet, resources.size === 0 ? Number.POSITIVE_INFINITY : began + AT_MOST);
		if (now < until) unsettled.set(path, { began, resources, since, until, problem: `${path} ${problem}` });
	}
	return unsettled;
}

interface Suspicion extends Pick<UnsettledFile, "resources" | "problem"> {
	/** Milliseconds. */
	readonly quiet: number;
}

/** Undefined for a file that is believed at once. */
function judge(last: ReadFile, found: ReadFile | undefined): Suspicion | undefined {
	if (found === last) return undefined;
	const all = identities(last.file);
	if (found === undefined) {
		if (all.size === 0) return undefined;
		return { resources: new Set(), quiet: QUIET, problem: "is gone, but may be about to be written again" };
	}
	const left = identities(found.file);
	const kept = [...all].filter((identity) => left.has(identity)).length;
	if (kept === all.size || (found.created !== last.created && left.size > 0)) return undefined;
	return {
		resources: left,
		quiet: left.size > kept ? QUIET_WITH_NEW : QUIET,
		problem: `has lost ${left.size === 0 ? "all" : "some"} of its resources, but may not be fully written yet`,
	};
}

function areEqual(a: ReadonlySet<string>, b: ReadonlySet<string>): boolean {
	return a.size === b.size && a.values().every((identity) => b.has(identity));
}

function identities({ collections, invalid }: InventoryFile): Set<string> {
	const valid = COLLECTION_NAMES.flatMap((name) => collections[name].map((resource) => identityOf(name, resource)));
	return new Set([...valid, ...invalid.map(identityOfInvalid)]);
}

function identityOfInvalid({ collection, uuid }: InvalidRecord): string {
	return `${collection} ${uuid}`;
}

function identityOf(name: CollectionName, resource: unknown): string {
	return `${name} ${(COLLECTIONS[name].identity as (resource: unknown) => string)(resource)}`;
}

/** The files in use so far; unsettled ones without the resources that are now in a settled file. */
export function withoutMoved(used: Files, found: Files, unsettled: ReadonlyMap<string, UnsettledFile>): Files {
	if (unsettled.size === 0) return used;
	const settled = new Set<string>();
	for (const [path, { file }] of found) {
		if (!unsettled.has(path)) for (const identity of identities(file)) settled.add(identity);
	}
	return new Map(Array.from(used, ([path, read]) => [path, unsettled.has(path) ? without(read, settled) : read]));
}

/** The same file if it has none of the resources. */
function without(read: ReadFile, resources: ReadonlySet<string>): ReadFile {
	const hasSome = [...identities(read.file)].some((identity) => resources.has(identity));
	if (!hasSome) return read;
	const left = COLLECTION_NAMES.map((name) => [
		name,
		read.file.collections[name].filter((resource) => !resources.has(identityOf(name, resource))),
	]);
	const invalid = read.file.invalid.filter((record) => !resources.has(identityOfInvalid(record)));
	return { ...read, file: { ...read.file, collections: Object.fromEntries(left) as Collections, invalid } };
}

/** The files to use: those on disk, with the last contents of unsettled ones, in the order of their paths. */
export function withoutUnsettled(used: Files, found: Files, unsettled: ReadonlyMap<string, UnsettledFile>): Files {
	const paths = [...new Set([...found.keys(), ...unsettled.keys()])].sort();
	return new Map(
		paths.flatMap((path): [string, ReadFile][] => {
			const file = unsettled.has(path) ? used.get(path) : found.get(path);
			return file === undefined ? [] : [[path, file]];
		}),
	);
}
