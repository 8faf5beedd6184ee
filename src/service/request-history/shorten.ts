/** Limits what is kept of a request until it is written: guests choose its length, up to 16 KiB. */
import type { AnsweredRequest, RequestSource } from "./answered-request.ts";

/** Characters of a user agent, a path or an id. */
export const MAX_TEXT = 200;
/** Characters of a refusal's detail. */
const MAX_DETAIL = 500;

/** What is kept of a request. The document of a longer path is not kept. */
export function shortened(request: AnsweredRequest): AnsweredRequest {
	const { instance, path = "", userAgent, source, detail } = request;
	const isLongPath = path.length > MAX_TEXT;
	if (!isLongPath && userAgent.length <= MAX_TEXT && source === undefined && detail === undefined) return request;
	return {
		...{ ...request, userAgent: short(userAgent), source: source && shortSource(source) },
		...(instance !== undefined && { instance: short(instance) }),
		...(isLongPath && { path: short(path), body: undefined }),
		...(detail !== undefined && { detail: short(detail, MAX_DETAIL) }),
	};
}

function shortSource(source: RequestSource): RequestSource {
	return Object.fromEntries(Object.entries(source).map(([name, value]) => [name, short(value ?? "")]));
}

/** A copy, since a part of a string keeps all of it in memory. Half a character at its end is not text for every database. */
function short(text: string, most = MAX_TEXT): string {
	return text.length > most ? Buffer.from(text.slice(0, most)).toString() : text;
}
