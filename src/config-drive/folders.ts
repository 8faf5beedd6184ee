import type { MetadataTree } from "../documents/tree.ts";
import { quoted } from "../printable.ts";
import { refusal } from "./drive.ts";

export interface DriveFile {
	readonly name: string;
	readonly path: string;
	readonly bytes: Uint8Array;
}

export interface DriveFolder {
	readonly name: string;
	/** Empty for the root. */
	readonly path: string;
	/** Sorted by name, so that equal trees give equal images. */
	readonly folders: DriveFolder[];
	readonly files: DriveFile[];
}

/** Both formats store the size of a file in 32 bits. */
const MAX_FILE = 0xffff_ffff;

/** Windows' MAX_PATH is 260, which includes `D:\` and a terminating zero. */
export const MAX_PATH = 256;

/** A format's own rule for names: why it can't store this one, or undefined. */
type NameFault = (name: string) => string | undefined;

/**
 * A tree as nested folders.
 *
 * @throws GuestwireError `drive`: no drive can hold a path, or a file of this size
 */
export function foldersOf(tree: MetadataTree, nameFault: NameFault): DriveFolder {
	const root: DriveFolder = { name: "", path: "", folders: [], files: [] };
	const folders = new Map([["", root]]);
	const files = new Set<string>();
	const folderAt = (path: string, file: string): DriveFolder => {
		const known = folders.get(path);
		if (known !== undefined) return known;
		if (files.has(path)) throw refusal(path, "it is both a file and a folder");
		const { parent, name } = split(path, file, nameFault);
		const folder = { name, path, folders: [], files: [] };
		folderAt(parent, file).folders.push(folder);
		folders.set(path, folder);
		return folder;
	};
	for (const path of tree.paths()) {
		if (path.startsWith("/")) throw refusal(path, "a path must not start with a slash");
		if (path.length > MAX_PATH) throw refusal(path, `Windows can't open paths of more than ${MAX_PATH} characters`);
		if (folders.has(path)) throw refusal(path, "it is both a file and a folder");
		if (files.has(path)) throw refusal(path, "it is in the tree twice");
		const { parent, name } = split(path, path, nameFault);
		folderAt(parent, path).files.push({ name, path, bytes: readFile(tree, path) });
		files.add(path);
	}
	const byName = (a: { name: string }, b: { name: string }) => (a.name < b.name ? -1 : 1);
	for (const folder of folders.values()) {
		folder.folders.sort(byName);
		folder.files.sort(byName);
	}
	return root;
}

/** @param file the file that the path leads to, for the error message */
function split(path: string, file: string, nameFault: NameFault): { parent: string; name: string } {
	const slash = path.lastIndexOf("/");
	const name = path.slice(slash + 1);
	const fault = commonNameFault(name) ?? nameFault(name);
	if (fault !== undefined) throw refusal(file, fault);
	return { parent: path.slice(0, Math.max(slash, 0)), name };
}

function readFile(tree: MetadataTree, path: string): Uint8Array {
	const bytes = tree.read(path);
	if (bytes === undefined) throw refusal(path, "the tree lists it but has no bytes for it");
	if (bytes.length > MAX_FILE)
		throw refusal(path, "a file can have at most 4294967295 bytes (32 bits, in both formats)");
	return bytes;
}

/** Why neither format can store a name; undefined if they can. */
function commonNameFault(name: string): string | undefined {
	if (name === "" || name === "." || name === "..") return `${quoted(name)} is not a valid name`;
	if (/\p{Cc}/u.test(name)) return "a name must not have control characters";
	if (/[\ud800-\udfff]/.test(name)) return "a name must not have characters above U+FFFF (a limit of Joliet)";
	if (/[. ]$/.test(name)) return "Windows can't open names that end in a dot or a space";
	return undefined;
}
