import { randomUUID } from "node:crypto";
import { type FileHandle, link, lstat, open, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";

export interface AtomicWriteOptions {
	/** Permissions of the file, whatever the umask. */
	readonly mode: number;
	/** Whether an existing file is replaced. If not, the error's code is `EEXIST`. Default true. */
	readonly replace?: boolean;
}

/**
 * Writes a file so that it appears complete or not at all. Until it is complete, it has a hidden name in the same
 * folder.
 */
export async function writeFileAtomically(
	path: string,
	contents: Parameters<FileHandle["writeFile"]>[0],
	{ mode, replace = true }: AtomicWriteOptions,
): Promise<void> {
	// Not longer than a file name may be.
	const temporary = join(dirname(path), `.guestwire-${randomUUID()}`);
	try {
		{
			await using file = await open(temporary, "wx", 0o600);
			await file.writeFile(contents);
			await file.chmod(mode);
			await file.sync();
		}
		await (replace ? rename(temporary, path) : moveWithoutReplacing(temporary, path));
	} finally {
		// An error here would hide the one above.
		await rm(temporary, { force: true }).catch(() => {});
	}
}

/** A rename would replace a file that has appeared in the meantime. A hard link does not. */
async function moveWithoutReplacing(from: string, to: string): Promise<void> {
	try {
		await link(from, to);
	} catch (error) {
		// Some file systems have no hard links.
		const { code } = error as NodeJS.ErrnoException;
		if (code !== "EPERM" && code !== "ENOTSUP") throw error;
		if (await lstat(to).catch(() => undefined)) throw Object.assign(new Error(`${to} exists`), { code: "EEXIST" });
		await rename(from, to);
	}
}
