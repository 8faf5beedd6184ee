/** All files' resources as one, each once. */
import { isDeepStrictEqual } from "node:util";
import type { Place } from "../../checked-text.ts";
import { GuestwireError } from "../../errors.ts";
import { COLLECTION_NAMES, COLLECTIONS, type CollectionName, type ResourceOf } from "./collections.ts";
import type { InventoryFile } from "./parse.ts";

/** Tells where a resource stands in its file, in words. */
export type Locate = (path: string, name: CollectionName, index: number, within: Place) => string;

/** Refuses the inventory for what a resource has at a place within it. */
export type Fault = <N extends CollectionName>(name: N, resource: ResourceOf<N>, within: Place, what: string) => never;

/** Every resource by its identity, in the order of files and within them. */
export type Merged = { readonly [N in CollectionName]: ReadonlyMap<string, ResourceOf<N>> };

/**
 * The same resource may stand in several files, as long as they agree in what is kept of it: recordings of one network
 * taken with two servers do.
 *
 * @throws GuestwireError `inventory`, naming both files, when they don't
 */
export function mergeFiles(files: readonly InventoryFile[], locate: Locate): Merged {
	const entries = COLLECTION_NAMES.map((name) => [name, mergeCollection(name, files, locate)]);
	return Object.fromEntries(entries) as Merged;
}

function mergeCollection(name: CollectionName, files: readonly InventoryFile[], locate: Locate): Map<string, object> {
	const identityOf = COLLECTIONS[name].identity as (resource: unknown) => string;
	const merged = new Map<string, object>();
	for (const file of files) {
		for (const [index, resource] of (file.collections[name] as object[]).entries()) {
			const identity = identityOf(resource);
			const known = merged.get(identity);
			if (known === undefined) merged.set(identity, resource);
			else if (!isDeepStrictEqual(known, resource)) {
				const [member = "it"] = differingMembers(known, resource);
				const other = placeOfResource(files, name, known, [], locate);
				const what = `says another "${member}" of the same ${COLLECTIONS[name].singular} (${identity}) than ${other}`;
				throw new GuestwireError("inventory", `${locate(file.path, name, index, [])} ${what}: leave one of them out`);
			}
		}
	}
	return merged;
}

function differingMembers(a: object, b: object): string[] {
	const [left, right] = [a, b] as [Record<string, unknown>, Record<string, unknown>];
	return Object.keys({ ...left, ...right }).filter((member) => !isDeepStrictEqual(left[member], right[member]));
}

/** Where a resource of one of the files stands. */
export function placeOfResource(
	files: readonly InventoryFile[],
	name: CollectionName,
	resource: unknown,
	within: Place,
	locate: Locate,
): string {
	for (const { path, collections } of files) {
		const index = (collections[name] as unknown[]).indexOf(resource);
		if (index >= 0) return locate(path, name, index, within);
	}
	return name;
}
