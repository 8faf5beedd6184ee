/** The files of an inventory on disk. */
import { type Dirent, readFileSync } from "node:fs";
import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import type { Place } from "../../checked-text.ts";
import { GuestwireError } from "../../errors.ts";
import type { CollectionName } from "./collections.ts";
import { type InventoryFile, parseInventoryFile, placeOf } from "./parse.ts";

const INVENTORY_FILE = /\.(ya?ml|json)$/;
/** Editors' and version control's own: `.git`, `.lan.yaml.swp`. */
export const HIDDEN = /^\./;

/** Above that, V8 can't hold a file's text in one string. */
const LARGEST_FILE = 512 * 1024 * 1024;

/** A file that was read, and what tells whether it has changed since. */
export interface ReadFile {
	readonly stamp: string;
	readonly file: InventoryFile;
}

/**
 * Reads an inventory, file by file, in the order of their paths. A file that has not changed since is not read again.
 *
 * @param path a folder, which is read with all folders below it, or a file
 * @param known what was read before, by path
 * @throws GuestwireError `inventory`: nothing there, a file that can't be read, or is wrong
 */
export async function readFolder(path: string, known?: ReadonlyMap<string, ReadFile>): Promise<Map<string, ReadFile>> {
	const paths = await listFiles(path);
	if (paths.length === 0) {
		throw new GuestwireError("inventory", `${path}: no *.yaml, *.yml or *.json in it: put the inventory there`);
	}
	const files = new Map<string, ReadFile>();
	for (const each of paths) files.set(each, await readChanged(each, known?.get(each)));
	return files;
}

async function readChanged(path: string, known: ReadFile | undefined): Promise<ReadFile> {
	try {
		const { size, mtimeMs, ctimeMs, ino } = await stat(path);
		if (size > LARGEST_FILE) throw new GuestwireError("inventory", `${path}: larger than 512 MiB: split it`);
		const stamp = [size, mtimeMs, ctimeMs, ino].join(" ");
		if (known?.stamp === stamp) return known;
		return { stamp, file: parseInventoryFile(await readFile(path, "utf8"), path) };
	} catch (error) {
		throw readable(error, path);
	}
}

async function listFiles(path: string): Promise<string[]> {
	try {
		return (await stat(path)).isDirectory() ? (await filesBelow(path)).sort() : [path];
	} catch (error) {
		throw readable(error, path);
	}
}

async function filesBelow(folder: string): Promise<string[]> {
	const entries = await readdir(folder, { withFileTypes: true });
	const paths = await Promise.all(
		entries.filter(({ name }) => !HIDDEN.test(name)).map((entry) => filesOf(folder, entry)),
	);
	return paths.flat();
}

/** Links to files are followed (mounted configuration consists of them), links to folders are not: they may go round. */
async function filesOf(folder: string, entry: Dirent): Promise<string[]> {
	const path = join(folder, entry.name);
	if (entry.isDirectory()) return filesBelow(path);
	return INVENTORY_FILE.test(entry.name) && (await stat(path)).isFile() ? [path] : [];
}

/** @param asked for where the system's error names no path of its own */
function readable(error: unknown, asked: string): unknown {
	const { code, path = asked } = error as NodeJS.ErrnoException;
	if (error instanceof GuestwireError || code === undefined) return error;
	const what = code === "ENOENT" ? "there is no such file or folder: correct the path" : `can't be read (${code})`;
	return new GuestwireError("inventory", `${path}: ${what}`);
}

/** Where a resource stands, from its file's text as it is now. */
export function locateOnDisk(path: string, name: CollectionName, index: number, within: Place): string {
	try {
		return placeOf(readFileSync(path, "utf8"), path, name, index, within);
	} catch {
		// Changed or gone since it was read: it will be read again anyway.
		return path;
	}
}
