/** What a request's target stands for. Guests request the same few targets, so the results are remembered. */
import { isPrivatePath, normalizePath } from "../../documents/paths.ts";
import { rememberedByText } from "../../remembered-by-text.ts";
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

/** @param text the target as it was sent */
export const targetOf = rememberedByText((text): Target => {
	const path = normalizePath(text);
	return {
		path,
		logged: pathInLog(path),
		kind: documentKind(path),
		isPrivate: path !== undefined && isPrivatePath(path),
		isPassword: path !== undefined && isPasswordPath(path),
	};
});
