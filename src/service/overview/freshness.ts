/** Whether a guest has the documents that it would get now. */
import type { LastAnswer } from "../../store/history-store.ts";
import type { DigestOf } from "../request-history/document-content.ts";

export type DocumentState = "current" | "outdated" | "gone";

/**
 * Answers longer than this before the guest's last one belong to an earlier boot, perhaps of another program. Milliseconds.
 */
const SAME_BOOT = 600_000;

/** Documents that depend on services outside the instance, which are not asked for this. */
const UNCOMPARABLE = /\/vendor_data2\.json$/;

/** The answers of the guest's last boot that can be compared with what it would get now. */
export function comparableAnswers(answers: readonly LastAnswer[]): LastAnswer[] {
	const last = Math.max(...answers.map(({ at }) => at));
	return answers.filter(({ path, at }) => at > last - SAME_BOOT && !UNCOMPARABLE.test(path));
}

/** @param read the document that the guest would get now */
export function documentState(
	{ path, digest }: Pick<LastAnswer, "path" | "digest">,
	read: (path: string) => Uint8Array | undefined,
	digestOf: DigestOf,
): DocumentState {
	const body = read(path);
	if (body === undefined) return "gone";
	return digestOf(path, body) === digest ? "current" : "outdated";
}

/** Undefined if nothing can be compared. */
export function isOutdated(
	answers: readonly LastAnswer[],
	read: (path: string) => Uint8Array | undefined,
	digestOf: DigestOf,
): boolean | undefined {
	const comparable = comparableAnswers(answers);
	if (comparable.length === 0) return undefined;
	return comparable.some((answer) => documentState(answer, read, digestOf) !== "current");
}
