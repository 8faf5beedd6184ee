/** The errors of the operator server: each is `{"message": …}`, in the form of a `GuestwireError`, without paths of this machine. */
import { STATUS_CODES } from "node:http";
import type { Socket } from "node:net";
import type { FastifyError, FastifyReply } from "fastify";
import { GuestwireError } from "../../errors.ts";
import type { Log } from "../../service/log.ts";
import { endConnection } from "../end-connection.ts";
import { shownMessage } from "../shown-message.ts";

/** The headers of every answer: no other site's page may show or measure what is here. */
export const GUARD_HEADERS = {
	"x-content-type-options": "nosniff",
	"cross-origin-resource-policy": "same-origin",
} as const;

/** Answers a request whose handler failed. */
export function answerProblem(error: FastifyError | GuestwireError, reply: FastifyReply, log: Log): FastifyReply {
	if (error instanceof GuestwireError) {
		const unknown = error.code === "unknown-instance" || error.code === "unknown-path";
		if (unknown) return reply.code(404).send({ message: error.message });
		log.warn({ operator: reply.request.routeOptions.url, detail: error.message }, "an operator request failed");
		return reply.code(503).send({ message: shownMessage(error) });
	}
	const status = error.statusCode ?? 500;
	if (status < 500) return reply.code(status).send({ message: error.message });
	log.error({ operator: reply.request.routeOptions.url, detail: error.stack }, "the operator server failed");
	return reply.code(500).send({ message: shownMessage(error) });
}

/** Answers a request whose URL leads to no route, since it is malformed or too long. No hook sees such a request. */
export function answerBadUrl({ statusCode = 400 }: FastifyError, reply: FastifyReply): FastifyReply {
	const message = statusCode === 414 ? "the URL is too long" : "the URL is malformed";
	return reply.code(statusCode).headers(GUARD_HEADERS).send({ message });
}

const CLIENT_ERRORS: Readonly<Record<string, readonly [status: number, message: string]>> = {
	ERR_HTTP_REQUEST_TIMEOUT: [408, "the request did not arrive in time"],
	HPE_HEADER_OVERFLOW: [431, "the headers are too long"],
};

/** Answers bytes that are no HTTP request, and ends the connection. */
export function answerMalformed(error: NodeJS.ErrnoException, socket: Socket): void {
	if (error.code === "ECONNRESET" || !socket.writable) {
		socket.destroy();
		return;
	}
	const [status, message] = CLIENT_ERRORS[error.code ?? ""] ?? [400, "this is not an HTTP request"];
	const body = JSON.stringify({ message });
	const headers = {
		...GUARD_HEADERS,
		"content-type": "application/json; charset=utf-8",
		"content-length": body.length,
		connection: "close",
	};
	const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
	endConnection(socket, `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${lines.join("")}\r\n${body}`);
}
