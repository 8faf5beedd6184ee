/** What the log, the metrics and the request history keep of a request that has just been answered. */
import { type Log, roundedMs } from "../../service/log.ts";
import type { Metrics } from "../../service/metrics.ts";
import type { AnsweredRequest } from "../../service/request-history/answered-request.ts";
import type { Exchange } from "./connections.ts";
import { firstHeader } from "./identity/headers.ts";
import { requestSource } from "./request-source.ts";
import { type ErrorResponse, type GuestResponse, statusOf } from "./response.ts";

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

export function createReport({ identity, listen: listener, log, metrics, record }: ReportOptions): Report {
	const countRequest = metrics.requests(identity);
	return ({ request, target, started }, response, bytes) => {
		const { method = "", rawHeaders } = request;
		const { path } = target;
		const { instance } = response;
		const status = statusOf(response);
		const ms = performance.now() - started;
		const { reason, detail, shownDetail = detail } = "reason" in response ? response : ANSWERED;
		log.request({ identity, method, path: target.logged, status, ms: roundedMs(ms), instance, reason, detail });
		countRequest(status, target.kind, ms / 1000);
		if (reason !== undefined) metrics.refused(identity, reason);
		if (record === undefined) return;
		const userAgent = firstHeader(rawHeaders, "user-agent") ?? "";
		const body = "document" in response && method === "GET" ? response.document.body : undefined;
		const isRefused = reason !== undefined && (instance === undefined || reason === "unknown-instance");
		const source = isRefused ? requestSource(rawHeaders, request.socket.remoteAddress) : undefined;
		const at = Date.now();
		record({
			at,
			instance,
			method,
			path,
			status,
			bytes,
			ms,
			userAgent,
			listener,
			body,
			reason,
			detail: shownDetail,
			source,
		});
	};
}

const ANSWERED: Partial<Pick<ErrorResponse, "reason" | "detail" | "shownDetail">> = {};
