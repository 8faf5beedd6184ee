/** Drives as files: images that appear whole or not at all, and what is extracted from them. */
import { randomUUID } from "node:crypto";
import { createReadStream } from "node:fs";
import { link, lstat, mkdir, open, readdir, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { buffer } from "node:stream/consumers";
import { type DriveContents, decodeConfigDrive, readConfigDrive } from "../config-drive/index.ts";
import { GuestwireError } from "../errors.ts";

/** No config drive is nearly as large; a disk of somebody's would not fit in memory. */
const MAX_IMAGE = 2 ** 30;

/**
 * Writes an image with mode 0600: user data and passwords are in it. Until it is complete, it stands beside its place
 * under another name.
 *
 * @param force whether a file that is there already is replaced
 * @returns bytes written
 * @throws GuestwireError `output`
 */
export async function writeImage(
	path: string,
	chunks: AsyncIterable<Uint8Array>,
	force: boolean,
	stop: AbortSignal,
): Promise<number> {
	await checkPlace(path, force);
	// Not longer than the name may be.
	const temporary = join(dirname(path), `.guestwire-${randomUUID()}`);
	try {
		const bytes = await writeTemporary(temporary, chunks, stop);
		await (force ? rename(temporary, path) : moveWithoutReplacing(temporary, path));
		return bytes;
	} catch (error) {
		throw outputError(path, error);
	} finally {
		// What there is to say has been said above.
		await rm(temporary, { force: true }).catch(() => {});
	}
}

/**
 * Makes a folder and those above it, where they are missing.
 *
 * @throws GuestwireError `output`
 */
export async function makeFolder(path: string): Promise<void> {
	try {
		await mkdir(path, { recursive: true });
	} catch (error) {
		throw (error as NodeJS.ErrnoException).code === "EEXIST" ? noFolder(path) : outputError(path, error);
	}
}

function noFolder(path: string): GuestwireError {
	return new GuestwireError("output", `${path} is no folder: give another name`);
}

async function checkPlace(path: string, force: boolean): Promise<void> {
	const there = await lstat(path).catch(() => undefined);
	if (there === undefined) return;
	if (!there.isFile()) throw new GuestwireError("output", `${path} is no file: give another name`);
	if (!force) throw exists(path);
}

async function writeTemporary(path: string, chunks: AsyncIterable<Uint8Array>, stop: AbortSignal): Promise<number> {
	await using file = await open(path, "wx", 0o600);
	let bytes = 0;
	for await (const chunk of chunks) {
		if (stop.aborted) throw new GuestwireError("output", "stopped before the image was complete");
		await file.writeFile(chunk);
		bytes += chunk.length;
	}
	await file.sync();
	return bytes;
}

/** A rename would replace what somebody else has put there meanwhile; a link doesn't. */
async function moveWithoutReplacing(from: string, to: string): Promise<void> {
	try {
		await link(from, to);
	} catch (error) {
		// Some file systems have no links.
		const { code } = error as NodeJS.ErrnoException;
		if (code !== "EPERM" && code !== "ENOTSUP") throw error;
		await checkPlace(to, false);
		await rename(from, to);
	}
}

/**
 * Reads an image, raw or encoded.
 *
 * @throws GuestwireError `drive`
 */
export async function readImage(path: string): Promise<DriveContents> {
	const bytes = await readBounded(path).catch((error: NodeJS.ErrnoException) => {
		if (error instanceof GuestwireError) throw error;
		throw new GuestwireError("drive", `${path} can't be read (${error.code}): correct the path`, { cause: error });
	});
	return readConfigDrive(decodeConfigDrive(bytes));
}

/** A device tells no size before it is read, and some have no end. */
async function readBounded(path: string): Promise<Buffer> {
	const bytes = await buffer(createReadStream(path, { end: MAX_IMAGE }));
	if (bytes.length > MAX_IMAGE) throw new GuestwireError("drive", `${path} is over 1 GiB: no config drive is`);
	return bytes;
}

/**
 * Extracts what is in an image into an empty or new folder, readable to its owner alone.
 *
 * @throws GuestwireError `output`
 */
export async function extractImage(contents: DriveContents, folder: string): Promise<void> {
	try {
		await makeFolder(folder);
		// Links that stand there could lead what is written elsewhere.
		if ((await readdir(folder)).length > 0) throw new GuestwireError("output", `${folder} is not empty: name another`);
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
	return new GuestwireError("output", `${path} can't be written (${code}): name another place, or make room`, {
		cause: error,
	});
}

function exists(path: string): GuestwireError {
	return new GuestwireError("output", `${path} is there already: give another name, or --force to replace it`);
}
