import { closeSync, fchownSync, openSync, statSync } from "node:fs";
import { dirname } from "node:path";

/**
 * Creates an empty file that only its owner can read, if it is missing. An existing file is not even opened: closing it
 * would drop the locks that SQLite holds on it in this process (https://sqlite.org/howtocorrupt.html, section 2.2).
 *
 * A file that root creates gets the owner of its folder, so that a service with a user of its own can open what root's
 * commands leave in its folder. What SQLite writes beside a database gets the owner of that file.
 */
export function createFile(path: string): void {
	let file: number;
	try {
		file = openSync(path, "wx", 0o600);
	} catch (error) {
		if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
		return;
	}
	try {
		if (process.geteuid?.() === 0) giveToFolderOwner(file, dirname(path));
	} finally {
		closeSync(file);
	}
}

function giveToFolderOwner(file: number, folder: string): void {
	const { uid, gid } = statSync(folder);
	try {
		fchownSync(file, uid, gid);
	} catch {
		// A root without the capability CAP_CHOWN, as in a container: the file stays its own.
	}
}
