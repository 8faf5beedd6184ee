/** Whether a guest has the documents that it would get now. */
import { documentAt } from "../../documents/paths.ts";
import type { LastAnswer } from "../../store/history-store.ts";
import { SAME_BOOT } from "../../store/history-write.ts";
import { startWorkTurn } from "../../work-turn.ts";
import type { DigestOf } from "../request-history/document-content.ts";

export type DocumentState = "current" | "outdated" | "gone";

/** Not compared if what the guest would get now is known without its user data. */
const USER_DATA = /\/user[_-]data$/;

/**
 * What the guest has of each document that can be compared with what it would get now. All versions of a document that were
 * fetched within one boot count. Once it has been fetched in another version later, perhaps by another program, the older
 * answer does not count.
 *
 * @param lacksUserData see OverviewSource
 */
export function comparableAnswers(answers: readonly LastAnswer[], lacksUserData: boolean): LastAnswer[] {
	const newest = new Map<string, number>();
	for (const { path, at } of answers) {
		const name = nameOf(path);
		newest.set(name, Math.max(at, newest.get(name) ?? at));
	}
	return answers.filter(
		({ path, at }) =>
			at > (newest.get(nameOf(path)) ?? at) - SAME_BOOT &&
			// The services behind these are not asked for this.
			documentAt(path)?.hasDynamicVendorData !== true &&
			!(lacksUserData && USER_DATA.test(path)),
	);
}

/** A document's name without its version. The EC2 tree's `user-data` is the same as `user_data`. */
function nameOf(path: string): string {
	return path.replace(/^(openstack\/)?[^/]+\//, "").replace("user-data", "user_data");
}

/** @param read the document that the guest would get now */
export async function documentState(
	{ path, digest, status }: Pick<LastAnswer, "path" | "digest" | "status">,
	read: (path: string) => Uint8Array | undefined,
	digestOf: DigestOf,
): Promise<DocumentState> {
	const body = read(path);
	// It knows that the document is not there.
	if (status === 404) return body === undefined ? "current" : "outdated";
	if (body === undefined) return "gone";
	return (await digestOf(path, body)) === digest ? "current" : "outdated";
}

/**
 * Undefined if nothing can be compared. In turns: a large instance's documents take long to generate.
 *
 * @param comparable see comparableAnswers
 */
export async function isOutdated(
	comparable: readonly LastAnswer[],
	read: (path: string) => Uint8Array | undefined,
	digestOf: DigestOf,
): Promise<boolean | undefined> {
	if (comparable.length === 0) return undefined;
	const turn = startWorkTurn();
	for (const answer of comparable) {
		if ((await documentState(answer, read, digestOf)) !== "current") return true;
		if (turn.isOver()) await turn.next();
	}
	return false;
}
