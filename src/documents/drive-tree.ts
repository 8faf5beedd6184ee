import type { GuestTree } from "./guest-tree.ts";
import type { MetadataTree } from "./tree.ts";

/**
 * The tree as a config drive carries it.
 *
 * @param versions version folders to keep, of both trees (`2018-08-27`, `latest`); all of Nova's without it
 */
export function driveTree(tree: GuestTree, versions?: readonly string[]): MetadataTree {
	if (!versions) return tree.drive;
	const kept = new Set(versions);
	return {
		read: tree.drive.read,
		paths: () => Array.from(tree.drive.paths()).filter((path) => kept.has(path.split("/")[1] ?? "")),
	};
}
