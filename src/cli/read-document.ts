import { parseYaml } from "../checked-text.ts";
import { GuestwireError } from "../errors.ts";
import { isMap } from "../instance/is-map.ts";
import type { Io } from "./frame.ts";
import { readBounded } from "./read-bounded.ts";

/** In MiB. The document of a guest with a hundred NICs has about fifty thousand bytes. */
const MAX_SIZE = 4;
/** In characters. The parser takes about a second for them. */
const MOST_YAML = 1 << 20;
/** Editors on Windows write it. JSON must not have it (RFC 8259, section 8.1). */
const BYTE_ORDER_MARK = "\ufeff";

/** A document, and the text that it was parsed from. */
export interface ReadDocument {
	readonly text: string;
	readonly document: unknown;
	/** Why the text is not JSON, if it was read as YAML. */
	readonly notJson?: string;
}

/**
 * Reads and parses a document: JSON, or YAML, in which Metal3 and others keep it.
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
		const { message: notJson } = error as Error;
		const document = objectOf(text, name);
		if (document !== undefined) return { text, document, notJson };
		throw new GuestwireError("document", `${name} is not JSON: ${notJson}: correct the file`);
	}
}

/**
 * The object that is written as YAML; undefined if there is none.
 *
 * @throws GuestwireError `document`: a fault of the YAML, or several documents, unless the text starts like JSON
 */
function objectOf(text: string, name: string): unknown {
	if (text.length > MOST_YAML) return undefined;
	try {
		const [first, ...others] = parseYaml(text, name, "document");
		if (others.length > 0) {
			const what = `contains ${others.length + 1} YAML documents: keep the one with the network data`;
			throw new GuestwireError("document", `${name} ${what}`);
		}
		// An object may contain itself, which JSON cannot write.
		return isMap(first?.value) ? JSON.parse(JSON.stringify(first.value)) : undefined;
	} catch (error) {
		if (error instanceof GuestwireError && !/^\s*[[{]/.test(text)) throw error;
		return undefined;
	}
}
