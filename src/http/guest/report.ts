/** What the log, the metrics and the request history keep of a request that has just been answered. */
import { type Log, logRequest, pathInLog, roundedMs } from "../../service/log.ts";
import type { Metrics } from "../../service/metrics.ts";
import type { AnsweredRequest } from "../../service/request-history/answered-request.ts";
import type { Exchange } from "./connections.ts";
import { headerPicker } from "./identity/headers.ts";
import { requestSource } from "./request-source.ts";
import { type GuestResponse, statusOf } from "./response.ts";

/** @param bytes the size of the response's body */
export type Report = (exchange: Exchange, response: GuestResponse, bytes: number) => void;

export interface ReportOptions {
	/** The listener's mode, a label of the metrics. */
	readonly identity: string;
	/** The listener's address. */
	readonly listen: string;
	readonly log: Log;
	readonly metrics: Metrics;
	/** Takes each request for the history. Default: there is none. */
	readonly record?: ((request: AnsweredRequest) => void) | undefined;
}

const pick = headerPicker(["User-Agent"]);

export function createReport({ identity, listen, log, metrics, record }: ReportOptions): Report {
	const countRequest = metrics.requests(identity);
	return ({ request, path, started }, response, bytes) => {
		const { method = "", rawHeaders, socket } = request;
		const status = statusOf(response);
		const { instance } = response;
		const ms = performance.now() - started;
		const line = { identity, method, path: pathInLog(path), status, ms: roundedMs(ms), instance };
		if ("reason" in response) {
			const { reason, detail } = response;
			logRequest(log, { ...line, reason, detail });
			metrics.refused(identity, reason);
		} else logRequest(log, line);
		countRequest(status, path, ms / 1000);
		if (record === undefined) return;
		const [userAgent = ""] = pick(rawHeaders).values;
		const answered = { at: Date.now(), instance, method, path, status, bytes, ms, userAgent, listener: listen };
		if ("document" in response) record({ ...answered, body: method === "GET" ? response.document.body : undefined });
		else {
			const { reason, detail } = response;
			const isKnown = instance !== undefined && reason !== "unknown-instance";
			const source = isKnown ? undefined : requestSource(rawHeaders, socket.remoteAddress);
			record({ ...answered, body: undefined, reason, detail, source });
		}
	};
}
