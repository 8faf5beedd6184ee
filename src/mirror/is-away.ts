import { GuestwireError } from "../errors.ts";
import { RejectedStatementError } from "../store/rejected-statement.ts";

/**
 * Whether a failure says that the source or the database is away, so that anything else would fail too. All other failures
 * are those of one resource: an odd answer, or a value that an API or the database rejects.
 */
export function isAway(error: unknown): boolean {
	if (!(error instanceof GuestwireError) || error instanceof RejectedStatementError) return false;
	return error.code !== "cloud-answer";
}
