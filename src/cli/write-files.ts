import { lstat, mkdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { GuestwireError } from "../errors.ts";
import type { RenderedFile } from "../render/index.ts";
import { writeFileAtomically } from "../write-file-atomically.ts";

/**
 * Writes files below a folder, which may be the mounted root directory of a guest. Each file is written atomically, with
 * its mode, and replaces an existing one.
 *
 * @returns the paths written
 * @throws GuestwireError `output`; symbolic links in the path are refused too, because they could lead out of the folder
 */
export async function writeFiles(folder: string, files: readonly RenderedFile[]): Promise<string[]> {
	const written: string[] = [];
	for (const { path, mode, text } of files) {
		const target = join(folder, path);
		try {
			await mkdir(folder, { recursive: true });
			await makeFolders(folder, dirname(path).split("/"));
			await writeFileAtomically(target, text, { mode });
		} catch (error) {
			const { code } = error as NodeJS.ErrnoException;
			if (error instanceof GuestwireError || code === undefined) throw error;
			const what = `can't write ${target} (${code}): choose another folder, correct its permissions, or free some space`;
			throw new GuestwireError("output", what, { cause: error });
		}
		written.push(target);
	}
	return written;
}

async function makeFolders(folder: string, names: readonly string[]): Promise<void> {
	let path = folder;
	for (const name of names) {
		path = join(path, name);
		const there = await lstat(path).catch(() => undefined);
		if (there === undefined) await mkdir(path);
		else if (!there.isDirectory())
			throw new GuestwireError("output", `${path} is not a folder: choose another target folder`);
	}
}
