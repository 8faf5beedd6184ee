import { createReadStream } from "node:fs";
import { type ErrorCode, GuestwireError } from "../errors.ts";
import type { Io } from "./frame.ts";

export interface ReadBoundedOptions {
	/** Read for the path `-`. */
	readonly stdin?: Io["stdin"] | undefined;
	/** In MiB. */
	readonly limit: number;
	/** What the file should be, for errors. */
	readonly what: string;
	/** The code of errors. */
	readonly code: ErrorCode;
}

/**
 * Reads a file, a device or standard input.
 *
 * @throws GuestwireError `code`: it can't be read, or is larger than the limit
 */
export async function readBounded(path: string, { stdin, limit, what, code }: ReadBoundedOptions): Promise<Buffer> {
	const input = path === "-" ? stdin : undefined;
	const name = input === undefined ? path : "standard input";
	const chunks: Uint8Array[] = [];
	let bytes = 0;
	try {
		// The size of a device is unknown before it is read, and some have no end.
		for await (const chunk of input ?? createReadStream(path)) {
			const part = typeof chunk === "string" ? Buffer.from(chunk) : chunk;
			chunks.push(part);
			bytes += part.length;
			if (bytes > limit << 20) break;
		}
	} catch (error) {
		const { code: reason } = error as NodeJS.ErrnoException;
		throw new GuestwireError(code, `can't read ${name} (${reason}): correct the path`, { cause: error });
	}
	if (bytes <= limit << 20) return Buffer.concat(chunks);
	throw new GuestwireError(
		code,
		`${name} is larger than ${limit} MiB, which is too large for ${what}: give another file`,
	);
}
