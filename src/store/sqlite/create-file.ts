import { closeSync, openSync } from "node:fs";

/**
 * Creates an empty file that only its owner can read, if it is missing. An existing file is not even opened: closing it
 * would drop the locks that SQLite holds on it in this process (https://sqlite.org/howtocorrupt.html, section 2.2).
 */
export function createFile(path: string): void {
	try {
		closeSync(openSync(path, "wx", 0o600));
	} catch (error) {
		if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
	}
}
