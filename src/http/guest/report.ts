/** What the log and the metrics show of a request that has just been answered. */
import { type Log, logRequest, pathInLog, roundedMs } from "../../service/log.ts";
import type { Metrics } from "../../service/metrics.ts";
import type { Exchange } from "./connections.ts";
import { type GuestResponse, statusOf } from "./response.ts";

export type Report = (exchange: Exchange, response: GuestResponse) => void;

/** @param identity the listener's mode, a label of the metrics */
export function createReport(identity: string, log: Log, metrics: Metrics): Report {
	const countRequest = metrics.requests(identity);
	return ({ request: { method = "" }, path, started }, response) => {
		const status = statusOf(response);
		const ms = performance.now() - started;
		const line = { identity, method, path: pathInLog(path), status, ms: roundedMs(ms), instance: response.instance };
		if ("reason" in response) {
			const { reason, detail } = response;
			logRequest(log, { ...line, reason, detail });
			metrics.refused(identity, reason);
		} else logRequest(log, line);
		countRequest(status, path, ms / 1000);
	};
}
