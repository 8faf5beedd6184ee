import { randomUUID } from "node:crypto";
import { open, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";

/**
 * Writes a file so that it appears complete or not at all, and replaces an existing one. Until it is complete, it has a
 * hidden name in the same folder.
 *
 * @param mode permissions of the file, whatever the umask
 */
export async function writeFileAtomically(path: string, text: string | Uint8Array, mode: number): Promise<void> {
	const temporary = join(dirname(path), `.guestwire-${randomUUID()}`);
	try {
		{
			await using file = await open(temporary, "wx", 0o600);
			await file.writeFile(text);
			await file.chmod(mode);
			await file.sync();
		}
		await rename(temporary, path);
	} catch (error) {
		await rm(temporary, { force: true });
		throw error;
	}
}
