import type { IncomingMessage, ServerResponse } from "node:http";

/** Whether a body follows the headers. */
export function hasBody({ headers }: IncomingMessage): boolean {
	return "content-length" in headers || "transfer-encoding" in headers;
}

/**
 * Reads a request's body up to a limit, and answers `Expect: 100-continue` only if the body can fit.
 *
 * @param limit in bytes
 * @returns `too-large` without reading the rest; `incomplete` if the client left
 */
export function readBody(
	request: IncomingMessage,
	response: ServerResponse,
	limit: number,
): Promise<Uint8Array | "too-large" | "incomplete"> {
	const { "content-length": length, expect } = request.headers;
	if (!hasBody(request)) return Promise.resolve(new Uint8Array());
	if (Number(length) > limit) return Promise.resolve("too-large");
	if (expect !== undefined) response.writeContinue();
	const { promise, resolve } = Promise.withResolvers<Uint8Array | "too-large" | "incomplete">();
	const chunks: Buffer[] = [];
	let size = 0;
	request.on("data", (chunk: Buffer) => {
		size += chunk.length;
		if (size <= limit) {
			chunks.push(chunk);
			return;
		}
		request.pause();
		resolve("too-large");
	});
	request.once("end", () => resolve(Buffer.concat(chunks)));
	request.once("close", () => resolve("incomplete"));
	request.on("error", () => resolve("incomplete"));
	return promise;
}
