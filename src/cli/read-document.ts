import { GuestwireError } from "../errors.ts";
import type { Io } from "./frame.ts";
import { readBounded } from "./read-bounded.ts";

/** In MiB. The document of a guest with a hundred NICs has about fifty thousand bytes. */
const MAX_SIZE = 4;
/** Editors on Windows write it. JSON must not have it (RFC 8259, section 8.1). */
const BYTE_ORDER_MARK = "\ufeff";

/** A document, and the text that it was parsed from. */
export interface ReadDocument {
	readonly text: string;
	readonly document: unknown;
}

/**
 * Reads and parses a JSON document.
 *
 * @param file a path, or `-` for standard input
 * @throws GuestwireError `document`
 */
export async function readDocument(file: string, io: Io): Promise<ReadDocument> {
	const name = file === "-" ? "standard input" : file;
	const { stdin } = io;
	const bytes = await readBounded(file, { stdin, limit: MAX_SIZE, what: "a network_data.json", code: "document" });
	const text = bytes.toString();
	if (text.startsWith(BYTE_ORDER_MARK)) {
		throw new GuestwireError("document", `${name} starts with a byte order mark, which guests reject: remove it`);
	}
	try {
		return { text, document: JSON.parse(text) };
	} catch (error) {
		throw new GuestwireError("document", `${name} is not JSON: ${(error as Error).message}: correct the file`);
	}
}
