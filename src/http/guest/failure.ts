import { type ErrorCode, GuestwireError } from "../../errors.ts";
import { shownMessage } from "../shown-message.ts";
import type { Reason } from "./reasons.ts";
import type { ErrorResponse } from "./response.ts";

/** The errors that may pass by themselves. Any other error is a bug. */
const REASON_OF: Partial<Record<ErrorCode, Reason>> = {
	"cloud-unavailable": "cloud-unavailable",
	"cloud-answer": "cloud-answer",
	// What the configuration names is missing in Keystone's catalogue.
	config: "cloud-answer",
	inventory: "cloud-unavailable",
	"vendor-data": "vendor-data-unavailable",
	limit: "limit",
	state: "state-unavailable",
};

/** The response to an error that was thrown while a request was handled. */
export function failure(error: unknown): ErrorResponse {
	const reason = error instanceof GuestwireError ? REASON_OF[error.code] : undefined;
	const shownDetail = shownMessage(error);
	if (reason !== undefined) return { reason, detail: (error as GuestwireError).message, shownDetail };
	const detail = error instanceof Error ? (error.stack ?? error.message) : String(error);
	return { reason: "failed", detail, shownDetail };
}
