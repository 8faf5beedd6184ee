/** What operators see of an error: its message, without paths of this machine. */
import { type ErrorCode, GuestwireError } from "../errors.ts";

/** The errors whose messages name no file of this machine. */
const WITHOUT_PATHS: ReadonlySet<ErrorCode> = new Set([
	"unknown-instance",
	"unknown-path",
	"cloud-unavailable",
	"cloud-answer",
	"vendor-data",
	"limit",
	"document",
	"drive",
]);

/** The messages in place of those of other errors. */
const INSTEAD: Readonly<Partial<Record<ErrorCode, string>>> = {
	config: "the configuration does not fit the cloud: see Guestwire's log",
	state: "the state database can't be used: see Guestwire's log",
	inventory: "the inventory can't be read: see Guestwire's log",
};
const INTERNAL = "internal error: see Guestwire's log";

/** One sentence without a capital letter or full stop, as of every GuestwireError. The log has the rest. */
export function shownMessage(error: unknown): string {
	if (!(error instanceof GuestwireError)) return INTERNAL;
	return WITHOUT_PATHS.has(error.code) ? error.message : (INSTEAD[error.code] ?? INTERNAL);
}
