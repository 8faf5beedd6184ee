import { readFile } from "node:fs/promises";
import { GuestwireError } from "./errors.ts";

/**
 * A secret from a file of its own, without the white space around it.
 *
 * @param where it is named, for errors
 * @throws GuestwireError `config` when there is none
 */
export async function readSecret(file: string, where: string): Promise<string> {
	let secret: string;
	try {
		secret = (await readFile(file, "utf8")).trim();
	} catch (error) {
		const { code } = error as NodeJS.ErrnoException;
		const advice = code === "EACCES" ? "correct its permissions" : "write the secret into it";
		throw new GuestwireError("config", `${where} ${file} can't be read (${code}): ${advice}`);
	}
	if (secret === "") throw new GuestwireError("config", `${where} ${file} is empty: write the secret into it`);
	return secret;
}
