import type { GuestTree } from "./guest-tree.ts";
import type { MetadataTree } from "./tree.ts";

/**
 * The tree in the layout of a config drive.
 *
 * @param versions the version folders to keep (`2018-08-27`, `latest`). Default: all that Nova writes
 */
export function driveTree(tree: GuestTree, versions?: readonly string[]): MetadataTree {
	if (!versions) return tree.drive;
	const kept = new Set(versions);
	return {
		read: tree.drive.read,
		paths: () => Iterator.from(tree.drive.paths()).filter((path) => kept.has(path.split("/")[1] ?? "")),
	};
}
