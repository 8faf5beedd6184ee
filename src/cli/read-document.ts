import { createReadStream } from "node:fs";
import { GuestwireError } from "../errors.ts";
import type { Io } from "./frame.ts";

/** In bytes. The document of a guest with a hundred NICs has about fifty thousand. */
const MAX_BYTES = 4 << 20;
/** Editors on Windows write it. JSON must not have it (RFC 8259, section 8.1). */
const BYTE_ORDER_MARK = "\ufeff";

/**
 * Reads and parses a JSON document.
 *
 * @param file a path, or `-` for standard input
 * @throws GuestwireError `document`
 */
export async function readDocument(file: string, io: Io): Promise<unknown> {
	const name = file === "-" ? "standard input" : file;
	const text = await readBounded(file === "-" ? io.stdin : createReadStream(file), name);
	if (text.startsWith(BYTE_ORDER_MARK)) {
		throw new GuestwireError("document", `${name} starts with a byte order mark, which guests reject: remove it`);
	}
	try {
		return JSON.parse(text);
	} catch (error) {
		throw new GuestwireError("document", `${name} is not JSON: ${(error as Error).message}: correct the file`);
	}
}

async function readBounded(source: Io["stdin"], name: string): Promise<string> {
	const chunks: Buffer[] = [];
	let bytes = 0;
	try {
		for await (const chunk of source) {
			chunks.push(Buffer.from(chunk));
			bytes += chunk.length;
			if (bytes > MAX_BYTES) break;
		}
	} catch (error) {
		const { code } = error as NodeJS.ErrnoException;
		throw new GuestwireError("document", `can't read ${name} (${code}): correct the path`, { cause: error });
	}
	if (bytes <= MAX_BYTES) return Buffer.concat(chunks).toString();
	throw new GuestwireError(
		"document",
		`${name} is larger than ${MAX_BYTES >> 20} MiB, which is too large for a network_data.json: give another file`,
	);
}
