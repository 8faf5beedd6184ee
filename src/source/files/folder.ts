/** The files of an inventory on disk. */
import { constants, type Dirent, readFileSync, type Stats } from "node:fs";
import { open, readdir, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { text } from "node:stream/consumers";
import type { JsonPath } from "../../checked-text.ts";
import { GuestwireError } from "../../errors.ts";
import type { CollectionName } from "./collections.ts";
import { type InventoryFile, locateInText, parseInventoryFile } from "./parse.ts";
import type { WatchedFolder } from "./watch.ts";

/** The names of an inventory's files; hidden ones are those of editors and version control, such as `.lan.yaml.swp`. */
export const INVENTORY_FILE = /^[^.].*\.(ya?ml|json)$/;
const HIDDEN = /^\./;

/** Folders within folders; a tree that is deeper was mounted or written by mistake. */
const MOST_LEVELS = 32;
const MOST_FILES = 100_000;

/** V8 can't store a longer text in one string. */
const LARGEST_FILE = 512 * 1024 * 1024;

/** A file that was read, with a stamp that changes when the file does. */
export interface ReadFile {
	readonly stamp: string;
	/** Differs for a file that has taken the place of another one. */
	readonly created: string;
	readonly file: InventoryFile;
}

/** What a look at an inventory found. */
export interface Listing {
	/** In the order of their names. */
	readonly paths: readonly string[];
	readonly folders: readonly WatchedFolder[];
}

/**
 * Lists the files of an inventory.
 *
 * @param path a file, or a folder, which is read recursively
 * @throws GuestwireError `inventory`: nothing to read there, or too much
 */
export async function listInventory(path: string): Promise<Listing> {
	try {
		const stats = await stat(path);
		if (!stats.isDirectory()) {
			const folder = dirname(path);
			return { paths: [path], folders: [{ path: folder, inode: (await stat(folder)).ino }] };
		}
		const found: { paths: string[]; folders: WatchedFolder[] } = { paths: [], folders: [] };
		await collectFiles(path, 1, found);
		if (found.paths.length > 0) return { paths: found.paths.sort(), folders: found.folders };
	} catch (error) {
		throw readable(error, path);
	}
	throw new GuestwireError(
		"inventory",
		`${path} contains no *.yaml, *.yml or *.json file: put the inventory there, or correct the path`,
	);
}

/**
 * Reads the files of an inventory. Files that have not changed are not read again; those that are gone are left out.
 *
 * @param known the files read before, by path
 * @throws GuestwireError `inventory`: an unreadable or invalid file, or all are gone
 */
export async function readFiles(
	paths: readonly string[],
	known?: ReadonlyMap<string, ReadFile>,
): Promise<Map<string, ReadFile>> {
	const files = new Map<string, ReadFile>();
	for (const path of paths) {
		try {
			files.set(path, await readChanged(path, known?.get(path)));
		} catch (error) {
			if (!isGone(error) || (path === paths.at(-1) && files.size === 0)) throw readable(error, path);
		}
	}
	return files;
}

async function readChanged(path: string, known: ReadFile | undefined): Promise<ReadFile> {
	if (known?.stamp === stampOf(await stat(path), path)) return known;
	// Whatever takes the file's place now must not hold the thread, as a pipe would.
	await using file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
	const stats = await file.stat();
	const stamp = stampOf(stats, path);
	// Not more than it had: something may be writing to it without end.
	const content = stats.size === 0 ? "" : await text(file.createReadStream({ end: stats.size - 1 }));
	return { stamp, created: `${stats.ino} ${stats.birthtimeMs}`, file: parseInventoryFile(content, path) };
}

/** @throws GuestwireError `inventory`: not a file, or too large */
function stampOf(stats: Stats, path: string): string {
	const { size, mtimeMs, ctimeMs, ino } = stats;
	if (!stats.isFile()) throw new GuestwireError("inventory", `${path} is not a regular file: correct the path`);
	if (size > LARGEST_FILE) throw new GuestwireError("inventory", `${path} is larger than 512 MiB: split it`);
	return [size, mtimeMs, ctimeMs, ino].join(" ");
}

/** Links to files are followed, since mounted configuration consists of them. Links to folders are not: they may form a cycle. */
async function collectFiles(
	folder: string,
	level: number,
	found: { paths: string[]; folders: WatchedFolder[] },
): Promise<void> {
	const refuse = (what: string) => {
		throw new GuestwireError("inventory", `${folder} ${what}: correct the path, or move other files elsewhere`);
	};
	if (level > MOST_LEVELS) refuse(`is more than ${MOST_LEVELS} folders deep`);
	found.folders.push({ path: folder, inode: (await stat(folder)).ino });
	for (const entry of await readdir(folder, { withFileTypes: true })) {
		const path = join(folder, entry.name);
		if (HIDDEN.test(entry.name)) continue;
		if (entry.isDirectory()) await collectFiles(path, level + 1, found).catch(unlessGone(path));
		else if (await isInventoryFile(entry, path)) found.paths.push(path);
		if (found.paths.length > MOST_FILES) refuse(`belongs to an inventory of more than ${MOST_FILES} files`);
	}
}

async function isInventoryFile(entry: Dirent, path: string): Promise<boolean> {
	if (!INVENTORY_FILE.test(entry.name)) return false;
	return entry.isFile() || (entry.isSymbolicLink() && (await stat(path)).isFile());
}

const ADVICE: Readonly<Record<string, string>> = {
	EACCES: "correct its permissions",
	EPERM: "correct its permissions",
	ELOOP: "it is a link that leads back to itself; remove it",
	EMFILE: "raise the process's limit of open files",
	ENFILE: "raise the system's limit of open files",
};

const isGone = (error: unknown) => (error as NodeJS.ErrnoException).code === "ENOENT";

/** Forgives that the path itself is gone: what it contains may be a link to nothing, which its operator must hear of. */
const unlessGone = (path: string) => (error: unknown) => {
	if (!isGone(error) || (error as NodeJS.ErrnoException).path !== path) throw error;
};

/** @param asked the path to name if the system's error has none */
function readable(error: unknown, asked: string): unknown {
	const { code, path = asked } = error as NodeJS.ErrnoException;
	if (error instanceof GuestwireError || code === undefined) return error;
	if (code === "ENOENT") return new GuestwireError("inventory", `${path} does not exist: correct the path`);
	const advice = ADVICE[code] ?? "correct the path or the file";
	return new GuestwireError("inventory", `can't read ${path} (${code}): ${advice}`, { cause: error });
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
