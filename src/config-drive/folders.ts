import type { MetadataTree } from "../documents/tree.ts";
import { quoted, refusal } from "./drive.ts";

export interface DriveFile {
	readonly name: string;
	readonly path: string;
	readonly bytes: Uint8Array;
}

export interface DriveFolder {
	readonly name: string;
	/** Empty for the root. */
	readonly path: string;
	/** By name, so that equal trees make equal images. */
	readonly folders: DriveFolder[];
	readonly files: DriveFile[];
}

/** Both formats store a file's size in 32 bits. */
const MAX_FILE = 0xffff_ffff;

/** Windows' MAX_PATH is 260: `D:\` before the path, a zero after it. */
export const MAX_PATH = 256;

/** A format's own rule: why it can't hold a name, or undefined. */
type NameFault = (name: string) => string | undefined;

/**
 * A tree as nested folders.
 *
 * @throws GuestwireError `drive`: a path or a file's size that no drive can hold
 */
export function foldersOf(tree: MetadataTree, nameFault: NameFault): DriveFolder {
	const root: DriveFolder = { name: "", path: "", folders: [], files: [] };
	const folders = new Map([["", root]]);
	const files = new Set<string>();
	const folderAt = (path: string, file: string): DriveFolder => {
		const known = folders.get(path);
		if (known !== undefined) return known;
		if (files.has(path)) throw refusal(path, "it is a file and a folder at once");
		const { parent, name } = split(path, file, nameFault);
		const folder = { name, path, folders: [], files: [] };
		folderAt(parent, file).folders.push(folder);
		folders.set(path, folder);
		return folder;
	};
	for (const path of tree.paths()) {
		if (path.startsWith("/")) throw refusal(path, "a path has no leading slash");
		if (path.length > MAX_PATH) throw refusal(path, `Windows opens no path of more than ${MAX_PATH} characters`);
		if (folders.has(path)) throw refusal(path, "it is a file and a folder at once");
		if (files.has(path)) throw refusal(path, "it stands in the tree twice");
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

/** @param file that the path leads to, named where the name can't be */
function split(path: string, file: string, nameFault: NameFault): { parent: string; name: string } {
	const slash = path.lastIndexOf("/");
	const name = path.slice(slash + 1);
	const fault = commonNameFault(name) ?? nameFault(name);
	if (fault !== undefined) throw refusal(file, fault);
	return { parent: path.slice(0, Math.max(slash, 0)), name };
}

function readFile(tree: MetadataTree, path: string): Uint8Array {
	const bytes = tree.read(path);
	if (bytes === undefined) throw refusal(path, "the tree lists it and has no bytes for it");
	if (bytes.length > MAX_FILE) throw refusal(path, "a file has at most 4294967295 bytes (32 bits, in both formats)");
	return bytes;
}

/** Why a name can stand in neither format; undefined when it can. */
function commonNameFault(name: string): string | undefined {
	if (name === "" || name === "." || name === "..") return `${quoted(name)} is no name of a file or a folder`;
	// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
	if (/[\u0000-\u001f\u007f-\u009f]/.test(name)) return "a name has no control characters";
	if (/[\ud800-\udfff]/.test(name)) return "a name has no characters above U+FFFF (Joliet's limit)";
	if (/[. ]$/.test(name)) return "Windows reads no name that ends in a dot or a space";
	return undefined;
}
