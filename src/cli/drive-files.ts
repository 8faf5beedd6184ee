/** Drives as files: writes images atomically, reads them and extracts their contents. */
import { lstat, mkdir, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type DriveContents, type DriveEncoding, decodeConfigDrive, readConfigDrive } from "../config-drive/index.ts";
import { GuestwireError } from "../errors.ts";
import { writeFileAtomically } from "../write-file-atomically.ts";
import type { Io } from "./frame.ts";
import { readBounded } from "./read-bounded.ts";

/** In MiB: far above the size of any config drive. It keeps a whole disk from being read into memory. */
const MAX_IMAGE = 1024;

/**
 * Writes an image with mode 0600, because it contains user data and passwords.
 *
 * @param force whether an existing file is replaced
 * @returns the number of bytes written
 * @throws GuestwireError `output`
 */
export async function writeImage(
	path: string,
	chunks: AsyncIterable<Uint8Array>,
	force: boolean,
	stop: AbortSignal,
): Promise<number> {
	await checkPlace(path, force);
	let bytes = 0;
	async function* counted(): AsyncGenerator<Uint8Array> {
		for await (const chunk of chunks) {
			if (stop.aborted)
				throw new GuestwireError("output", "interrupted before the image was complete: run the command again");
			yield chunk;
			bytes += chunk.length;
		}
	}
	try {
		await writeFileAtomically(path, counted(), { mode: 0o600, replace: force });
		return bytes;
	} catch (error) {
		throw outputError(path, error);
	}
}

/**
 * @param output `-` is standard output
 * @throws GuestwireError `usage`: a raw image would be written to a terminal
 */
export function checkOutput(output: string, encoding: DriveEncoding, { isTTY }: Io): void {
	if (output === "-" && isTTY && encoding === "raw") {
		throw new GuestwireError("usage", "an image can't be written to a terminal: redirect standard output");
	}
}

/**
 * Creates a folder and its missing parents.
 *
 * @throws GuestwireError `output`
 */
export async function makeFolder(path: string): Promise<void> {
	try {
		await mkdir(path, { recursive: true });
	} catch (error) {
		throw (error as NodeJS.ErrnoException).code === "EEXIST" ? notAFolder(path) : outputError(path, error);
	}
}

function notAFolder(path: string): GuestwireError {
	return new GuestwireError("output", `${path} is not a folder: give another name`);
}

async function checkPlace(path: string, force: boolean): Promise<void> {
	const there = await lstat(path).catch(() => undefined);
	if (there === undefined) return;
	if (!there.isFile()) throw new GuestwireError("output", `${path} is not a regular file: give another name`);
	if (!force) throw exists(path);
}

/**
 * Reads an image, raw or encoded.
 *
 * @throws GuestwireError `drive`
 */
export async function readImage(path: string): Promise<DriveContents> {
	return readConfigDrive(decodeConfigDrive(await readDriveFile(path)));
}

/**
 * Reads an image, or a file for one.
 *
 * @param stdin read for the path `-`
 * @throws GuestwireError `drive`: it can't be read, or is larger than 1 GiB
 */
export function readDriveFile(path: string, stdin?: Io["stdin"]): Promise<Buffer> {
	return readBounded(path, { stdin, limit: MAX_IMAGE, what: "a config drive", code: "drive" });
}

/**
 * Extracts the contents of an image into a new or empty folder, readable only by its owner.
 *
 * @throws GuestwireError `output`
 */
export async function extractImage(contents: DriveContents, folder: string): Promise<void> {
	try {
		await makeFolder(folder);
		// Existing links could lead out of the folder.
		if ((await readdir(folder)).length > 0)
			throw new GuestwireError("output", `${folder} is not empty: name another folder`);
		for (const { kind, path } of contents.entries) {
			if (kind === "folder") await mkdir(join(folder, path), { mode: 0o700 });
			else await writeFile(join(folder, path), contents.read(path) ?? "", { flag: "wx", mode: 0o600 });
		}
	} catch (error) {
		throw outputError(folder, error);
	}
}

function outputError(path: string, error: unknown): unknown {
	const { code } = error as NodeJS.ErrnoException;
	if (error instanceof GuestwireError || code === undefined) return error;
	if (code === "EEXIST") return exists(path);
	return new GuestwireError("output", `can't write ${path} (${code}): name another path, or free some space`, {
		cause: error,
	});
}

function exists(path: string): GuestwireError {
	return new GuestwireError("output", `${path} already exists: give another name, or --force to replace it`);
}
