/** What a request's target stands for. Guests request the same few targets, so the results are remembered. */
import { LRUCache } from "lru-cache";
import { isPrivatePath, normalizePath } from "../../documents/paths.ts";
import { pathInLog } from "../../service/log.ts";
import { documentKind } from "../../service/metrics.ts";
import { isPasswordPath } from "./password.ts";

export interface Target {
	/** Normalized; undefined if no document can have the path. */
	readonly path: string | undefined;
	/** The path as the log holds it. */
	readonly logged: string | undefined;
	/** The label in the metrics. */
	readonly kind: string;
	readonly isPrivate: boolean;
	readonly isPassword: boolean;
}

/** Characters of a target that is remembered, and how many are: guests choose them. */
const MAX_LENGTH = 200;
const MAX_REMEMBERED = 1000;

const remembered = new LRUCache<string, Target>({ max: MAX_REMEMBERED });

/** @param text the target as it was sent */
export function targetOf(text: string): Target {
	if (text.length > MAX_LENGTH) return parse(text);
	const known = remembered.get(text);
	if (known !== undefined) return known;
	const target = parse(text);
	remembered.set(text, target);
	return target;
}

function parse(text: string): Target {
	const path = normalizePath(text);
	return {
		path,
		logged: pathInLog(path),
		kind: documentKind(path),
		isPrivate: path !== undefined && isPrivatePath(path),
		isPassword: path !== undefined && isPasswordPath(path),
	};
}
