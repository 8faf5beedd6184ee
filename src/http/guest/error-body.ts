/** What a guest is told when there is no document for it: webob's words, which clients of Nova have always read. */

import { TEXT_TYPE } from "../../documents/tree.ts";

/** The only codes that Neutron's metadata proxies hand through (neutron/common/metadata.py, `_proxy_request`). */
export type ErrorStatus = 400 | 403 | 404 | 409 | 500 | 503;

const TITLES: Readonly<Record<ErrorStatus, string>> = {
	400: "Bad Request",
	403: "Forbidden",
	404: "Not Found",
	409: "Conflict",
	500: "Internal Server Error",
	503: "Service Unavailable",
};

const EXPLANATIONS: Readonly<Record<ErrorStatus, string>> = {
	400: "The server could not comply with the request since it is either malformed or otherwise incorrect.",
	403: "Access was denied to this resource.",
	404: "The resource could not be found.",
	409: "There was a conflict when trying to complete your request.",
	500: "An unknown error has occurred. Please try your request again.",
	503: "The server is currently unavailable. Please try again at a later time.",
};

/** Always plain text, whatever `Accept` says. */
export function errorBody(status: ErrorStatus, explanation = EXPLANATIONS[status]): string {
	return `${status} ${TITLES[status]}\n\n${explanation}\n\n   `;
}

/** A whole answer for a connection on which no request could be read. */
export function rawAnswer(status: ErrorStatus): string {
	const body = errorBody(status);
	return [
		`HTTP/1.1 ${status} ${TITLES[status]}`,
		`Content-Type: ${TEXT_TYPE}`,
		`Content-Length: ${Buffer.byteLength(body)}`,
		"Connection: close",
		"",
		body,
	].join("\r\n");
}
