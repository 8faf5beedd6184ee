import { createReadStream } from "node:fs";
import { GuestwireError } from "../errors.ts";
import type { Io } from "./frame.ts";

/** Bytes; the document of a guest with a hundred NICs has some fifty thousand. */
const LARGEST = 4 << 20;

/**
 * Reads and parses a document that somebody made.
 *
 * @param file a path, or `-` for standard input
 * @throws GuestwireError `document`
 */
export async function readDocument(file: string, io: Io): Promise<unknown> {
	const name = file === "-" ? "standard input" : file;
	const text = await readBounded(file === "-" ? io.stdin : createReadStream(file), name);
	try {
		return JSON.parse(text);
	} catch (error) {
		// The message quotes the text, which may hold what a terminal obeys.
		const why = String(error).replace(/[\p{Cc}\p{Cf}]/gu, "?");
		throw new GuestwireError("document", `${name} is not JSON: ${why}; correct it`);
	}
}

async function readBounded(source: Io["stdin"], name: string): Promise<string> {
	const chunks: Buffer[] = [];
	let bytes = 0;
	try {
		for await (const chunk of source) {
			chunks.push(Buffer.from(chunk));
			bytes += chunk.length;
			if (bytes > LARGEST) break;
		}
	} catch (error) {
		const { code } = error as NodeJS.ErrnoException;
		throw new GuestwireError("document", `${name} can't be read (${code}): correct the path`, { cause: error });
	}
	if (bytes <= LARGEST) return Buffer.concat(chunks).toString();
	throw new GuestwireError(
		"document",
		`${name} is longer than ${LARGEST >> 20} MiB: no network_data.json, name another`,
	);
}
