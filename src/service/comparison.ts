/** Compares two metadata services path by path: a running nova-api-metadata, and Guestwire in profile `nova`. */
import { type Answered, type Deviation, deviationsOf } from "../documents/deviations.ts";
import { driveDeviationsOf } from "../documents/drive-deviations.ts";
import { fullDeviationsOf, PROFILE_FULL } from "../documents/full-deviations.ts";
import { OPENSTACK_DOCUMENTS } from "../documents/openstack-documents.ts";
import { documentAt, normalizePath } from "../documents/paths.ts";
import type { MetadataTree } from "../documents/tree.ts";
import { GuestwireError } from "../errors.ts";

/** A request to one of the services for one instance. Rejects with a GuestwireError if there is no answer. */
export type Ask = (path: string) => Promise<Answered>;

export interface Comparison {
	readonly path: string;
	/** `deviating`: different, but only as docs/deviations.md says. */
	readonly outcome: "equal" | "deviating" | "differing";
	/** The names of the deviations that apply. */
	readonly deviations: readonly string[];
	/** Without what the deviations explain. */
	readonly original: Answered;
	readonly ours: Answered;
}

/** A path without an answer from one of the services. */
export interface Unanswered {
	readonly path: string;
	readonly outcome: "unanswered";
	readonly reason: string;
}

/** Requested under every version, whether it is listed or not. */
const DOCUMENTS = [...OPENSTACK_DOCUMENTS.flatMap(({ path, ownForm }) => (ownForm ? [] : [path])), "no-such-document"];

/** Where everything can be reached from, and paths that need to be normalized or do not exist. */
export const ALL_PATHS: readonly string[] = [
	"/",
	"/openstack",
	"/openstack/latest/",
	"//openstack/../openstack/latest",
	"/no-such-version",
];

/**
 * Requests every path that the original lists, and every document under every version, from both services, one after
 * another.
 *
 * @param start the paths to begin with; below them, listings are followed
 */
export async function* compareTrees(
	original: Ask,
	ours: Ask,
	start: readonly string[] = ALL_PATHS,
): AsyncGenerator<Comparison | Unanswered> {
	const seen = new Set(start);
	const queue = [...start];
	for (let path = queue.shift(); path !== undefined; path = queue.shift()) {
		const answer = await answerOf(original, path);
		if ("reason" in answer) {
			yield answer;
			continue;
		}
		for (const next of answer.status === 200 ? listed(path, answer.body) : []) {
			if (!seen.has(next)) queue.push(next);
			seen.add(next);
		}
		const own = await answerOf(ours, path);
		yield "reason" in own ? own : compareAnswers(path, answer, own);
	}
}

async function answerOf(ask: Ask, path: string): Promise<Answered | Unanswered> {
	try {
		return await ask(path);
	} catch (error) {
		if (error instanceof GuestwireError) return { path, outcome: "unanswered", reason: error.message };
		throw error;
	}
}

/** The paths that a listing names; none if the path is a document's. */
function listed(path: string, body: string): string[] {
	if (path === "/") return body.split("\n").map((version) => `/${version}`);
	if (path === "/openstack") return body.split("\n").map((version) => `/openstack/${version}`);
	if (/^\/openstack\/[^/]+$/.test(path)) return DOCUMENTS.map((name) => `${path}/${name}`);
	if (path.endsWith("/meta_data.json")) {
		// What Nova injects into guests: network_config and files.
		return Array.from(body.matchAll(/"content_path": "(\/content\/\d{4})"/g), ([, content]) => `/openstack${content}`);
	}
	if (/^\/[^/]+$/.test(path)) return ["user-data", "meta-data", "no-such-entry"].map((name) => `${path}/${name}`);
	if (!/\/meta-data(\/(.*\/)?)?$/.test(path)) return [];
	const entries = body === "" ? [] : body.split("\n");
	// "0=name" is the folder "0/" of a key pair.
	return entries.map((entry) => `${path.replace(/\/$/, "")}/${entry.replace(/^(\d+)=.*$/, "$1/")}`);
}

/** Every file of Nova's own config drive and of Guestwire's: a file that one of them lacks is a 404. */
export function compareDrives(original: MetadataTree, ours: MetadataTree): Comparison[] {
	const answer = (tree: MetadataTree, path: string): Answered => {
		const bytes = tree.read(path);
		if (bytes === undefined) return { status: 404, body: "" };
		return { status: 200, body: Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("latin1") };
	};
	return [...new Set([...original.paths(), ...ours.paths()])].map((path) =>
		compareAnswers(path, answer(original, path), answer(ours, path), () => driveDeviationsOf(path)),
	);
}

/** What profile `full` has and Nova has not: the blueprint's document. */
const ADDED = /^openstack\/[^/]+\/metadata\/network_data(\.json)?$/;
const NETWORK_DATA = /^openstack\/[^/]+\/network_data\.json$/;
const LISTING = /^openstack(\/[^/]+)?$/;

/** Nova's network data of an instance without NICs. Profile `full` has none: it would disable the fallback to DHCP. */
const EMPTY = /^\{\}$|"links": \[\]/;

/** Whether profile `full` differs in this way on purpose: it says more, and leaves nothing out but an empty document. */
function isByFull(path: string, original: Answered, ours: Answered): boolean {
	if (NETWORK_DATA.test(path) && ours.status === 404) return original.status === 200 && EMPTY.test(original.body);
	if (ours.status !== 200) return false;
	if (ADDED.test(path)) return original.status === 404;
	if (original.status !== 200) return false;
	if (NETWORK_DATA.test(path)) return true;
	const listed = new Set(ours.body.split("\n"));
	// Whether network data is missing rightly is seen at its own path.
	const isListed = (name: string) => listed.has(name) || name === "network_data.json";
	return LISTING.test(path) && original.body.split("\n").every(isListed);
}

/** A comparison with profile `full`: it differs from Nova's network data, listings and lists of keys on purpose. */
export function compareWithFull(comparison: Comparison): Comparison {
	const { path, outcome, original, ours } = comparison;
	if (outcome !== "differing") return comparison;
	// Files of a drive have no leading slash.
	const place = path.startsWith("/") ? (normalizePath(path) ?? "") : path;
	if (isByFull(place, original, ours)) {
		return { ...comparison, outcome: "deviating", deviations: [...comparison.deviations, PROFILE_FULL] };
	}
	const compared = compareAnswers(path, original, ours, () => fullDeviationsOf(place));
	return { ...compared, deviations: [...comparison.deviations, ...compared.deviations] };
}

/** Compares two answers, and finds the deviations that explain the difference. */
export function compareAnswers(
	path: string,
	original: Answered,
	ours: Answered,
	deviationsAt: (path: string) => readonly Deviation[] = deviationsOf,
): Comparison {
	const same = (pair: readonly [Answered, Answered]) =>
		pair[0].status === pair[1].status && pair[0].body === pair[1].body;
	const pair: [Answered, Answered] = [
		{ status: original.status, body: original.body },
		{ status: ours.status, body: ours.body },
	];
	const deviations = new Set<string>();
	if (!same(pair)) {
		for (const { id, level } of deviationsAt(normalizePath(path) ?? "")) {
			const before = JSON.stringify(pair);
			try {
				level(...pair);
			} catch {
				// A document that is not JSON is explained by nothing.
			}
			if (JSON.stringify(pair) !== before) deviations.add(id);
		}
	}
	const outcome = !same(pair) ? "differing" : deviations.size > 0 ? "deviating" : "equal";
	return { path, outcome, deviations: [...deviations], original: pair[0], ours: pair[1] };
}

/** Beside the documents that a user wrote, the contents of these are never shown. */
const FROM_USER = /\/(user-data|content\/\d+)$/;
const SHOWN = 80;

/** The first difference, in a few words, without user data or passwords. */
export function describeDifference({ path, original, ours }: Comparison): string {
	if (original.status !== ours.status) return `status ${original.status}, Guestwire: ${ours.status}`;
	const isFromUser = documentAt(normalizePath(path) ?? "")?.raw === true || FROM_USER.test(path);
	if (isFromUser) return `${original.body.length} bytes, Guestwire: ${ours.body.length} other bytes`;
	const at = firstDifference(original.body, ours.body);
	const from = Math.max(0, at - 20);
	const part = (text: string) => JSON.stringify(text.slice(from, from + SHOWN));
	return `from character ${from}: ${part(original.body)}, Guestwire: ${part(ours.body)}`;
}

function firstDifference(a: string, b: string): number {
	let at = 0;
	while (at < a.length && a[at] === b[at]) at++;
	return at;
}
