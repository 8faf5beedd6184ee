/** The two name spaces of an image: plain with Rock Ridge, and Joliet. */
import { refusal } from "../drive.ts";
import type { DriveFolder } from "../folders.ts";
import { plainNames } from "../plain-names.ts";
import { type Directory, type NameSpace, NOTHING } from "./directories.ts";
import { ucs2 } from "./fields.ts";
import type { RockRidge } from "./rock-ridge.ts";

/** ECMA-119, 6.8.2.1: the root is level 1. */
const MAX_LEVEL = 8;
/** ECMA-119, 6.8.2.1: the lengths of all identifiers of a path, plus one for each folder. */
const MAX_PLAIN_PATH = 255;
/** ECMA-119, 9.4.4: a path table stores the parent's number in 16 bits. */
const MAX_FOLDERS = 0xffff;

/** Joliet's specification, "Allowed Character Set" and "Relaxation of ISO 9660 Restrictions". */
export function jolietNameFault(name: string): string | undefined {
	if (name.length > 64) return `a Joliet name can have at most 64 characters, and this one has ${name.length}`;
	if (/[*:;?\\]/.test(name)) return "a Joliet name must not have * : ; ? or \\";
	return undefined;
}

/** The names that genisoimage gives for Nova, with real names and modes in Rock Ridge. */
export function plainSpace(ridge: RockRidge): NameSpace {
	const links = (folder: DriveFolder) => 2 + folder.folders.length;
	return {
		entries: ({ folders, files }) => {
			const folderIds = plainNames(folders, "folder");
			const fileIds = plainNames(files, "file");
			return [
				...folders.map((node, index) => ({
					node,
					id: Buffer.from(folderIds[index] ?? "", "latin1"),
					systemUse: ridge.folder(node.name, links(node)),
				})),
				...files.map((node, index) => ({
					node,
					id: Buffer.from(fileIds[index] ?? "", "latin1"),
					systemUse: ridge.file(node.name),
				})),
			];
		},
		relatives: (folder, parent) => [
			parent === undefined ? ridge.root(links(folder)) : ridge.relative(links(folder)),
			ridge.relative(links(parent ?? folder)),
		],
	};
}

export const jolietSpace: NameSpace = {
	entries: ({ folders, files }) =>
		[...folders, ...files].map((node) => ({ node, id: ucs2(node.name), systemUse: NOTHING })),
	relatives: () => [NOTHING, NOTHING],
};

/** Throws if the plain name space exceeds a limit of the standard. */
export function checkPlainLimits(directories: readonly Directory[]): void {
	for (const { folder, level, number, pathLength, entries } of directories) {
		if (level > MAX_LEVEL) throw refusal(folder.path, `ISO 9660 allows at most ${MAX_LEVEL} levels of folders`);
		if (number > MAX_FOLDERS) throw refusal(folder.path, `ISO 9660 allows at most ${MAX_FOLDERS} folders`);
		for (const { node, id } of entries) {
			if (pathLength + id.length > MAX_PLAIN_PATH) {
				throw refusal(node.path, `an ISO 9660 path can have at most ${MAX_PLAIN_PATH} characters`);
			}
		}
	}
}
