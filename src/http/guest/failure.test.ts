import { expect, it } from "vitest";
import { type ErrorCode, GuestwireError } from "../../errors.ts";
import { failure } from "./failure.ts";
import type { Reason } from "./reasons.ts";

/** Codes that only commands and the start of the service have: while a guest waits, they would be a bug. */
const REASON_OF: Readonly<Record<ErrorCode, Reason>> = {
	...{
		usage: "failed",
		listen: "failed",
		compare: "failed",
		doctor: "failed",
		password: "failed",
		output: "failed",
		document: "failed",
		drive: "failed",
	},
	...{ "unknown-instance": "failed", "unknown-path": "failed" },
	"cloud-unavailable": "cloud-unavailable",
	"cloud-answer": "cloud-answer",
	config: "cloud-answer",
	inventory: "cloud-unavailable",
	"vendor-data": "vendor-data-unavailable",
	limit: "limit",
	state: "state-unavailable",
};

it.each(Object.entries(REASON_OF) as [ErrorCode, Reason][])("an error of code %s is %s", (code, reason) => {
	const { reason: given, detail = "" } = failure(new GuestwireError(code, "what is wrong"));
	expect(given).toBe(reason);
	if (reason === "failed") expect(detail).toContain("failure.test.ts");
	else expect(detail).toBe("what is wrong");
});
