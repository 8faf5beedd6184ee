/** All files' resources as one, each once. */
import { isDeepStrictEqual } from "node:util";
import type { JsonPath } from "../../checked-text.ts";
import { GuestwireError } from "../../errors.ts";
import { COLLECTION_NAMES, COLLECTIONS, type CollectionName, type ResourceOf } from "./collections.ts";
import { type InvalidRecord, invalidRecordOf, isIronic } from "./invalid-records.ts";
import type { InventoryFile } from "./parse.ts";

/** Describes where a resource is in its file. */
export type Locate = (path: string, name: CollectionName, index: number, within: JsonPath) => string;

/** Rejects the inventory because of the value at a path within a resource. */
export type Fault = <N extends CollectionName>(
	name: N,
	resource: ResourceOf<N>,
	within: JsonPath,
	what: string,
) => never;

/** The message of a fault. */
export type DescribeFault = (...fault: Parameters<Fault>) => string;

/** Every resource by its identity, in the order of files and within them. */
export type Merged = { readonly [N in CollectionName]: ReadonlyMap<string, ResourceOf<N>> };

/** To find a line, a file is read and parsed again. */
const MOST_LOCATED = 40;

interface MergedFiles {
	readonly given: Merged;
	/** Ironic's records that contradict others, such as those of another time. */
	readonly contradicting: readonly InvalidRecord[];
}

/**
 * The same resource may be in several files, such as the answers for two servers on one network, if all members that are
 * read agree. Ironic's records need not have the same members: its lists without `detail` and its older microversions leave
 * some out. The record with more of them is taken.
 *
 * @throws GuestwireError `inventory`, naming both files, if they do not, unless only Ironic's records of a node disagree
 */
export function mergeFiles(files: readonly InventoryFile[], locate: Locate): MergedFiles {
	const contradicting: InvalidRecord[] = [];
	let left = MOST_LOCATED;
	const locateFirst: Locate = (path, ...where) => (left-- > 0 ? locate(path, ...where) : path);
	const entries = COLLECTION_NAMES.map((name) => {
		const contradict = (record: object, index: number, problem: string) => {
			if (!isIronic(name)) throw new GuestwireError("inventory", problem);
			contradicting.push(invalidRecordOf({ collection: name, index, problem }, record));
		};
		return [name, mergeCollection(name, files, locateFirst, contradict)];
	});
	return { given: Object.fromEntries(entries) as Merged, contradicting };
}

function mergeCollection(
	name: CollectionName,
	files: readonly InventoryFile[],
	locate: Locate,
	contradict: (record: object, index: number, problem: string) => void,
): Map<string, object> {
	const identityOf = COLLECTIONS[name].identity as (resource: unknown) => string;
	const merged = new Map<string, object>();
	const fileOf = new Map<object, InventoryFile>();
	const membersOf = (resource: object) => fileOf.get(resource)?.given.get(resource);
	const gives = (resource: object, member: string) => membersOf(resource)?.has(member) ?? true;
	for (const file of files) {
		for (const [index, resource] of (file.collections[name] as object[]).entries()) {
			const identity = identityOf(resource);
			const known = merged.get(identity);
			if (isIronic(name)) fileOf.set(resource, file);
			if (known === undefined) merged.set(identity, resource);
			else if (!isDeepStrictEqual(known, resource)) {
				const differing = differingMembers(known, resource);
				const [member] = differing.filter((each) => gives(known, each) && gives(resource, each));
				if (member === undefined) {
					if ((membersOf(resource)?.size ?? 0) > (membersOf(known)?.size ?? 0)) merged.set(identity, resource);
					continue;
				}
				const other = locateResource(files, name, known, [], locate);
				const what = `has a different "${member}" for ${COLLECTIONS[name].singular} ${identity} than ${other}`;
				const here = locate(file.path, name, indexInText(file, name, index), []);
				contradict(resource, index, `${here} ${what}: remove one of them`);
			}
		}
	}
	return merged;
}

function differingMembers(a: object, b: object): string[] {
	const [left, right] = [a, b] as [Record<string, unknown>, Record<string, unknown>];
	return Object.keys({ ...left, ...right }).filter((member) => !isDeepStrictEqual(left[member], right[member]));
}

/** Describes where a resource is in the files. */
export function locateResource(
	files: readonly InventoryFile[],
	name: CollectionName,
	resource: unknown,
	within: JsonPath,
	locate: Locate,
): string {
	for (const file of files) {
		const index = (file.collections[name] as unknown[]).indexOf(resource);
		if (index >= 0) return locate(file.path, name, indexInText(file, name, index), within);
	}
	return name;
}

/** The index of a record in its file, where invalid records may stand before it. */
function indexInText({ invalid }: InventoryFile, name: CollectionName, index: number): number {
	let found = index;
	for (const { collection, index: taken } of invalid) if (collection === name && taken <= found) found++;
	return found;
}
