/** The last step of a request: from the handler's response to bytes on the connection. */
import type { ServerResponse } from "node:http";
import { TEXT_TYPE, type TreeAnswer, textAnswer } from "../../documents/tree.ts";
import { type ErrorStatus, REASONS, type Reason } from "./reasons.ts";

export interface DocumentResponse {
	readonly document: TreeAnswer;
	/** The instance's id; absent for listings that are the same for everybody. */
	readonly instance?: string | undefined;
}

export interface ErrorResponse {
	readonly reason: Reason;
	/** Sent to the guest in place of the status's own sentence. Never says more than what is wrong with the request. */
	readonly explanation?: string | undefined;
	/** For the log. */
	readonly detail?: string | undefined;
	/** For the request history, which operators see. Default: the detail. */
	readonly shownDetail?: string | undefined;
	/** The instance's id, once the request has proved to speak for it. */
	readonly instance?: string | undefined;
}

export type GuestResponse = DocumentResponse | ErrorResponse;

/** Seconds after which a guest that got 503 should ask again. */
const RETRY_AFTER = "1";

/** Bytes up to which a body is copied so that head and body are written in one piece. */
const MAX_COPIED = 16 * 1024;

const TITLES: Readonly<Record<ErrorStatus, string>> = {
	400: "Bad Request",
	403: "Forbidden",
	404: "Not Found",
	409: "Conflict",
	500: "Internal Server Error",
	503: "Service Unavailable",
};

/** webob's sentences, which clients of Nova have always read. */
const EXPLANATIONS: Readonly<Record<ErrorStatus, string>> = {
	400: "The server could not comply with the request since it is either malformed or otherwise incorrect.",
	403: "Access was denied to this resource.",
	404: "The resource could not be found.",
	409: "There was a conflict when trying to complete your request.",
	500: "An unknown error has occurred. Please try your request again.",
	503: "The server is currently unavailable. Please try again at a later time.",
};

export function statusOf(response: GuestResponse): 200 | ErrorStatus {
	return "reason" in response ? REASONS[response.reason].status : 200;
}

/**
 * Writes a response.
 *
 * @param close whether this is the connection's last response
 * @returns the size of the body in bytes
 */
export function writeResponse(to: ServerResponse, response: GuestResponse, close: boolean): number {
	const status = statusOf(response);
	const { body, contentType } =
		"reason" in response ? textAnswer(errorBody(status as ErrorStatus, response.explanation)) : response.document;
	const headers = ["content-type", contentType, "content-length", String(body.length)];
	if (status === 503) headers.push("retry-after", RETRY_AFTER);
	if (close) headers.push("connection", "close");
	to.writeHead(status, headers);
	// Node writes a string together with the head, and bytes separately. HEAD: node drops the body.
	if (body.length > MAX_COPIED) to.end(body);
	else to.end(Buffer.from(body.buffer, body.byteOffset, body.length).toString("latin1"), "latin1");
	return body.length;
}

/** A whole response for a connection on which no request could be parsed. */
export function rawBadRequest(): string {
	const body = errorBody(400);
	return [
		`HTTP/1.1 400 ${TITLES[400]}`,
		`Content-Type: ${TEXT_TYPE}`,
		`Content-Length: ${Buffer.byteLength(body)}`,
		"Connection: close",
		"",
		body,
	].join("\r\n");
}

/** Always plain text, whatever `Accept` says. */
function errorBody(status: ErrorStatus, explanation = EXPLANATIONS[status]): string {
	return `${status} ${TITLES[status]}\n\n${explanation}\n\n   `;
}
