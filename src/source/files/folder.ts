/** The files of an inventory on disk. */
import { type Dirent, readFileSync } from "node:fs";
import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import type { JsonPath } from "../../checked-text.ts";
import { GuestwireError } from "../../errors.ts";
import type { CollectionName } from "./collections.ts";
import { type InventoryFile, locateInText, parseInventoryFile } from "./parse.ts";

const INVENTORY_FILE = /\.(ya?ml|json)$/;
/** Files of editors and version control, such as `.git` or `.lan.yaml.swp`. */
export const HIDDEN = /^\./;

/** V8 can't store a longer text in one string. */
const LARGEST_FILE = 512 * 1024 * 1024;

/** A file that was read, with a stamp that changes when the file does. */
export interface ReadFile {
	readonly stamp: string;
	readonly file: InventoryFile;
}

/**
 * Reads the files of an inventory in the order of their paths. Files that have not changed are not read again.
 *
 * @param path a file, or a folder, which is read recursively
 * @param known the files read before, by path
 * @throws GuestwireError `inventory`: no file, an unreadable or invalid file
 */
export async function readFolder(path: string, known?: ReadonlyMap<string, ReadFile>): Promise<Map<string, ReadFile>> {
	const paths = await listFiles(path);
	if (paths.length === 0) {
		throw new GuestwireError(
			"inventory",
			`${path} contains no *.yaml, *.yml or *.json file: put the inventory there, or correct the path`,
		);
	}
	const files = new Map<string, ReadFile>();
	for (const each of paths) files.set(each, await readChanged(each, known?.get(each)));
	return files;
}

async function readChanged(path: string, known: ReadFile | undefined): Promise<ReadFile> {
	try {
		const { size, mtimeMs, ctimeMs, ino } = await stat(path);
		if (size > LARGEST_FILE) throw new GuestwireError("inventory", `${path} is larger than 512 MiB: split it`);
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

/** Links to files are followed, since mounted configuration consists of them. Links to folders are not: they may form a cycle. */
async function filesOf(folder: string, entry: Dirent): Promise<string[]> {
	const path = join(folder, entry.name);
	if (entry.isDirectory()) return filesBelow(path);
	return INVENTORY_FILE.test(entry.name) && (await stat(path)).isFile() ? [path] : [];
}

/** @param asked the path to name if the system's error has none */
function readable(error: unknown, asked: string): unknown {
	const { code, path = asked } = error as NodeJS.ErrnoException;
	if (error instanceof GuestwireError || code === undefined) return error;
	if (code === "ENOENT") return new GuestwireError("inventory", `${path} does not exist: correct the path`);
	return new GuestwireError("inventory", `can't read ${path} (${code}): correct its permissions`);
}

/** Describes where a resource is, using the current text of its file. */
export function locateOnDisk(path: string, name: CollectionName, index: number, within: JsonPath): string {
	try {
		return locateInText(readFileSync(path, "utf8"), path, name, index, within);
	} catch {
		// Changed or removed since it was read: it will be read again anyway.
		return path;
	}
}
